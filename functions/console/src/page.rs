//! What every page has around its contents.

use cockpit_core::Body;
use http::{HeaderName, HeaderValue, Response, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Nothing but the page itself: no script, no picture, no frame, and nothing from elsewhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "
:root { color-scheme: light dark; --edge: #8884; --soft: #8881; --accent: #4f5bd5; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.25rem 4rem; font: 16px/1.5 system-ui, sans-serif; }
nav { display: flex; gap: 1.25rem; align-items: baseline; border-bottom: 1px solid var(--edge); padding-bottom: .5rem; }
nav strong { font-size: 1.1rem; margin-right: auto; }
a { color: var(--accent); }
h1 { font-size: 1.6rem; margin: 1.5rem 0 .5rem; } h2 { font-size: 1.2rem; margin-top: 2.25rem; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .93rem; }
th, td { border-bottom: 1px solid var(--edge); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
code, pre { font: .88rem/1.45 ui-monospace, monospace; }
td code { overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--edge); border-radius: .4rem; padding: .7rem .9rem; overflow-x: auto; }
details { border: 1px solid var(--edge); border-radius: .4rem; margin: .4rem 0; padding: .35rem .8rem; }
summary { cursor: pointer; } summary code { font-weight: 600; }
.method { display: inline-block; min-width: 4.8rem; font-weight: 700; color: var(--accent); }
.quiet { opacity: .7; }
";

/// A page with this title.
pub(crate) fn layout(title: &str, contents: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Cockpit Edge" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav {
                    strong { "Cockpit Edge" }
                    a href="/console" { "Connect" }
                    a href="/console/usage" { "Usage" }
                    a href="/console/docs" { "API reference" }
                    a href="/openapi.json" { "OpenAPI" }
                }
                main { h1 { (title) } (contents) }
            }
        }
    }
}

/// The page as an answer.
pub(crate) fn response(page: &Markup) -> Response<Body> {
    let mut response = Response::new(Body::from_bytes(page.0.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    response
}
