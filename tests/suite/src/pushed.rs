//! A push on test doubles: what its sender is told, and what the backend sees.

use crate::{
    flow::World,
    messages::{NOW, snappy},
    rows::{self, Answer, Sent, Target},
};
use bytes::Bytes;
use cockpit_core::{
    Body, Scope,
    routes::{Lookup, lookup},
};
use cockpit_gate::serve;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

/// What a sender is told and what the backend sees.
pub(crate) struct Pushed {
    /// What the sender is told.
    pub(crate) answer: Answer,
    /// What the backend sees, if anything.
    pub(crate) forwarded: Option<(HeaderMap, Bytes)>,
}

impl Pushed {
    /// The status, and whether anything reached the backend.
    pub(crate) fn status(&self) -> (u16, bool) {
        (self.answer.status, self.forwarded.is_some())
    }

    /// The text of the answer: one line that every sender shows whole.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.answer.body).into_owned();
        assert!(text.len() < 256 && text.matches('\n').count() <= 1, "{text}");
        text
    }

    /// The body that reached the backend.
    pub(crate) fn body(&self) -> &[u8] {
        &self.forwarded.as_ref().unwrap().1
    }

    /// A header that reached the backend.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.forwarded.as_ref().unwrap().0.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Samples, histograms and exemplars written.
    pub(crate) fn written(&self) -> [Option<&str>; 3] {
        ["samples", "histograms", "exemplars"].map(|what| {
            let value = self.answer.headers.get(format!("x-prometheus-remote-write-{what}-written"));
            value.map(|value| value.to_str().unwrap())
        })
    }
}

/// Pushes to a path with a token that holds both scopes of writers.
pub(crate) fn push(world: &World, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Pushed {
    let Lookup::Found(found) = lookup(&Method::POST, "", path.split('?').next().unwrap()) else { panic!("{path}") };
    let mut all = vec![("x-token", world.token(&[Scope::WriteMetrics, Scope::WriteLogs]))];
    all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let (function, path) = (found.route.function, path.to_owned());
    let answer = world.send(&Sent { function, method: &Method::POST, path, headers: all, body: body.to_vec() });
    let sent = world.fake.upstream.take_sent().pop();
    Pushed { answer, forwarded: sent.map(|sent| (sent.headers().clone(), sent.into_body())) }
}

#[test]
fn what_a_backend_refuses_is_told_in_one_line() {
    let world = World::new();
    let line = "\u{1b}[31mout of order, err-mimir ".repeat(40);
    let logs = format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":[["{NOW}000000000","x"]]}}]}}"#).into_bytes();
    for (path, kind, request) in
        [("/api/v1/push", "application/x-protobuf", snappy(b"")), ("/loki/api/v1/push", "application/json", logs)]
    {
        for (answered, status) in [(400, 400), (413, 400), (422, 400), (429, 429), (500, 500), (503, 503)] {
            let mut answer = Response::new(Body::from_bytes(format!("{line}\r\nsee also\n")));
            *answer.status_mut() = StatusCode::from_u16(answered).unwrap();
            for (name, value) in [("content-type", "text/html"), ("retry-after", "7"), (SAMPLES, "3")] {
                answer.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            world.fake.upstream.answer(Ok(answer));
            let pushed = push(&world, path, &[("content-type", kind), ("accept-encoding", "gzip")], &request);
            let (text, told) = (pushed.text(), &pushed.answer.headers);
            assert_eq!(pushed.status(), (status, true));
            assert!(text.starts_with(" [31mout of order, ") && text.ends_with('\n'), "{text}");
            assert!(text.chars().filter(|letter| letter.is_control()).eq(['\n']), "{text:?}");
            assert_eq!((&told["content-type"], &told["retry-after"]), (&PLAIN, &HeaderValue::from_static("7")));
            assert_eq!(told[SAMPLES], "3");
            assert_eq!(pushed.header("accept-encoding"), "", "it could not be read");
        }
    }
}

#[test]
fn what_the_operator_got_wrong_costs_the_sender_nothing() {
    for (path, url, there) in [
        ("/api/v1/push", "mimir_url", "mimir_push_path"),
        ("/otlp/v1/metrics", "mimir_url", "mimir_otlp_path"),
        ("/loki/api/v1/push", "loki_url", "loki_push_path"),
        ("/otlp/v1/logs", "loki_url", "loki_otlp_path"),
    ] {
        for variable in [url, there, "push_timeout"] {
            let world = World::with(&[("quotas", "metrics_requests_per_second=1 logs_requests_per_second=1")]);
            let Some(route) = rows::relayed().find(|route| route.path == path) else { panic!("{path}") };
            let status = || world.send(&rows::good(&world, &route)).status;
            let right = world.fake.variables.borrow_mut().insert(variable, "wrong".to_owned()).unwrap();
            assert!((0..30).all(|_| status() == 503), "{path} {variable}");
            world.fake.variables.borrow_mut().insert(variable, right);
            assert_eq!(status(), 200, "{path} {variable}");
        }
    }
}

#[test]
fn a_body_that_breaks_off_or_does_not_come_may_be_sent_again_and_counts_as_a_push() {
    let line = format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":[["{NOW}000000000","x"]]}}]}}"#).into_bytes();
    for (function, path, explain, good) in [
        ("metrics-push", "/api/v1/push", "/api/v1/push", &snappy(b"")),
        ("metrics-push", "/otlp/v1/metrics", "/api/v1/push", &snappy(b"")),
        ("logs-push", "/loki/api/v1/push", "/loki/api/v1/push", &line),
        ("logs-push", "/otlp/v1/logs", "/loki/api/v1/push", &line),
    ] {
        let kind =
            ("content-type", if function == "logs-push" { "application/json" } else { "application/x-protobuf" });
        for (body, seconds) in [(cockpit_fake::interrupted("{"), 0), (cockpit_fake::stalled("{"), 30)] {
            let world = World::new();
            let secret = world.token(&[Scope::WriteMetrics, Scope::WriteLogs]);
            let request = Request::post(path).header("x-token", secret).header(kind.0, kind.1).body(body).unwrap();
            let begun = world.fake.micros.get();
            let answer = cockpit_fake::run_soon(async {
                match function {
                    "logs-push" => serve(function, &world.fake, request, logs_push::handler::handle).await,
                    _ => serve(function, &world.fake, request, metrics_push::handler::handle).await,
                }
            });
            assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (503, true), "{path}");
            assert_eq!(world.fake.micros.get() - begun, seconds * 1_000_000, "{path}");
            assert!(world.fake.logged.take().is_empty() && world.fake.upstream.take_sent().is_empty(), "{path}");
            let told = push(&world, &format!("{explain}?explain=true"), &[kind], good).answer.json();
            assert_eq!((&told["usage"][1]["what"], &told["usage"][1]["used"]), (&"pushes".into(), &2.into()), "{path}");
        }
    }
}

const SAMPLES: &str = "x-prometheus-remote-write-samples-written";
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
