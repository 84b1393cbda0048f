//! `deploy/nginx` as it is delivered, on Debian's nginx, but for the addresses.

use super::{
    gateway::{Gateway, Sandbox},
    logs,
    process::{Process, free_port, fresh_folder},
    prometheus::start,
    websocket,
};
use crate::{rows::PROJECT, tree};
use http::Method;
use serde_json::json;
use std::{fs, process::Command};

/// nginx before a gateway before a sandbox.
struct World {
    url: String,
    gateway: Gateway,
    sandbox: Sandbox,
    _nginx: Process,
}

impl World {
    fn start(name: &str) -> Self {
        let sandbox = Sandbox::start();
        let variables = [&sandbox.variables()[..], &[("trusted_proxies", "127.0.0.0/8")]].concat();
        let gateway = Gateway::start(name, &variables);
        assert_eq!(gateway.activate().status, 200);
        let (folder, port) = (fresh_folder(&format!("{name}-nginx")), free_port());
        let place = |url: &str| url.trim_start_matches("http://").to_owned();
        let delivered = tree::read("deploy/nginx/cockpit.conf");
        let config = delivered
            .replace("listen 8080;", &format!("listen 127.0.0.1:{port};"))
            .replace("server 127.0.0.1:3000;", &format!("server {};", place(&gateway.url)))
            .replace("server 127.0.0.1:3100;", &format!("server {};", place(&sandbox.loki.url)));
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path temp; "));
        let http = format!("http {{ access_log off; {} {config} }}", temporary.concat());
        let file = folder.join("nginx.conf");
        fs::write(&file, format!("daemon off; user root; pid nginx.pid; events {{}} {http}")).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(&folder).arg("-c").arg(&file).args(["-e", "stderr"]);
        Self { url: format!("http://127.0.0.1:{port}"), gateway, sandbox, _nginx: start(nginx, port) }
    }

    fn token(&self, scopes: &[&str]) -> String {
        self.gateway.create_token("nginx", scopes).text("secret_key")
    }
}

#[test]
fn websockets_reach_loki_as_the_tenant_once_the_gateway_says_so() {
    let world = World::start("nginx-tail");
    let (secret, writer) = (world.token(&["query_logs", "write_logs"]), world.token(&["write_logs"]));
    assert_eq!(logs::push(&world.gateway, &secret, &logs::lines("tail", &[("before", 1)])).status, 204);
    world.sandbox.loki.received();
    let hostile = [
        ("x-scope-orgid", "victim"),
        ("x-prom-label-policy", "victim"),
        ("x-original-uri", "/loki/api/v1/labels"),
        ("x-original-method", "GET"),
        ("x-forwarded-uri", "/loki/api/v1/labels"),
        ("x-loki-backfill-shard", "victim"),
        ("cookie", "victim"),
    ];
    for path in ["/logs/loki/api/v1/tail", "/loki/api/v1/tail"] {
        let url = format!("{}{path}?query=%7Bapp%3D%22tail%22%7D&limit=7", world.url);
        let with = |secret| [&[("x-token", secret)], &hostile[..]].concat();
        let mut tail = websocket::open(&url, &with(&secret)).unwrap();
        assert_eq!(tail.lines()[0], "before");
        assert_eq!(logs::push(&world.gateway, &secret, &logs::lines("tail", &[(path, 0)])).status, 204);
        assert_eq!(tail.lines(), [path]);
        for (headers, status) in [(with("ckp_wrong"), 401), (hostile.to_vec(), 401), (with(&writer), 403)] {
            assert_eq!(websocket::open(&url, &headers).unwrap_err(), status, "{path}");
        }
    }
    let received = world.sandbox.loki.received();
    let tails: Vec<_> = received.iter().filter(|request| request["path"] == "/loki/api/v1/tail").collect();
    assert_eq!(tails.len(), 2, "{received:?}");
    for tail in tails {
        assert_eq!(
            (&tail["tenant"], &tail["query"]),
            (&PROJECT.into(), &"query=%7Bapp%3D%22tail%22%7D&limit=7".into())
        );
        let headers = tail["headers"].to_string();
        assert!(!headers.contains("victim") && !headers.contains("ckp_"), "{headers}");
    }
}

#[test]
fn callers_cannot_say_that_they_come_from_a_tokens_network() {
    let world = World::start("nginx-networks");
    let bound = |network: &str| {
        let scopes = json!({"query_logs": true});
        let body = json!({"project_id": PROJECT, "name": "a", "scopes": scopes, "allowed_networks": [network]});
        world.gateway.manage(&Method::POST, "tokens", &body).text("secret_key")
    };
    for (network, status) in [("192.0.2.0/24", 403), ("127.0.0.0/8", 200)] {
        let secret = bound(network);
        for (name, claimed) in [("x-forwarded-for", "192.0.2.1"), ("accept", "*/*")] {
            let headers = [("x-token", secret.clone()), (name, claimed.to_owned())];
            let url = format!("{}/loki/api/v1/labels", world.url);
            let answer = world.gateway.client.send(&Method::GET, &url, &headers, b"");
            assert_eq!(answer.status, status, "{network} {name}");
            let url = format!("{}/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D", world.url);
            let tail = websocket::open(&url, &[("x-token", &secret), (name, claimed)]);
            assert_eq!(tail.map_or_else(|status| status, |_| 200), status, "{network} {name}");
        }
    }
}

#[test]
fn everything_else_passes_byte_for_byte() {
    let world = World::start("nginx-rest");
    let secret = world.token(&["query_logs", "query_metrics", "setup_metrics_rules"]);
    let get = |path: &str, headers: &[(&str, &str)]| {
        let token = [("x-token", secret.clone())];
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let headers: Vec<_> = token.into_iter().chain(headers).collect();
        world.gateway.client.send(&Method::GET, &format!("{}{path}", world.url), &headers, b"")
    };
    world.sandbox.received();
    for path in ["/prometheus/config/v1/rules/a%2Fb/c%2f?x=%2F", "/prometheus/api/v1/label/a%20b/values?match[]=up&a=+"]
    {
        get(&format!("/metrics{path}"), &[]);
        let received = world.sandbox.received();
        let seen = format!("{}?{}", received[0]["path"].as_str().unwrap(), received[0]["query"].as_str().unwrap());
        assert_eq!(seen, path);
    }
    assert_eq!(get("/prometheus/api/v1/rules", &[("host", "logs.example")]).status, 200);
    assert_eq!(world.sandbox.loki.received().len(), 1, "the name of the host arrives");
    let tail = get("/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D", &[]);
    assert_eq!((tail.status, &tail.headers["content-type"]), (200, &"application/x-ndjson".parse().unwrap()));
    assert_eq!(get("/-/authorize", &[("x-original-uri", "/ready")]).status, 404, "it is nginx that asks");
    assert_eq!(get("/loki/api/v1/tail%2f", &[]).status, 404);
}
