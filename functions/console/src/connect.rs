//! How to connect an agent.

use crate::{agents::AGENTS, page::layout};
use cockpit_api::Endpoints;
use maud::{Markup, html};

/// The page.
pub(crate) fn page(endpoints: &Endpoints) -> Markup {
    let addresses = [
        ("Push metrics (remote write)", &endpoints.metrics_push_url),
        ("Push logs (Loki)", &endpoints.logs_push_url),
        ("Push either (OTLP/HTTP)", &endpoints.otlp_url),
        ("Query metrics", &endpoints.metrics_query_url),
        ("Query logs", &endpoints.logs_url),
        ("Alertmanager", &endpoints.alertmanager_url),
        ("Grafana", &endpoints.grafana_url),
    ];
    layout(
        "Connect",
        &html! {
            p { "Every project has the same addresses: the token says whose data it is." }
            table {
                @for (what, url) in addresses { tr { th scope="row" { (what) } td { code { (url) } } } }
            }
            p {
                "A token goes into " code { "X-Token" } ", " code { "Authorization: Bearer" } ", or the password of "
                code { "Authorization: Basic" } ". Give each agent one of its own, with no more scopes than it needs."
            }
            @for agent in AGENTS {
                h2 id=(slug(agent.name)) { (agent.name) }
                p.quiet { "Scopes: " (agent.scopes) }
                pre { ((agent.configuration)(endpoints)) }
            }
        },
    )
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_configured_is_shown_and_never_run() {
        let shown = page(&Endpoints::new("https://edge.example/<script>", "")).0;
        assert!(shown.contains("https://edge.example/&lt;script&gt;/metrics/api/v1/push"));
        assert!(!shown.contains("<script"));
    }
}
