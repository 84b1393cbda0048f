//! What to write into each agent's configuration. `TOKEN` stands for a token's secret.

use cockpit_api::Endpoints;

/// An agent, or whatever else is pointed at the gateway.
pub(crate) struct Agent {
    /// Its name.
    pub(crate) name: &'static str,
    /// The scopes that its token needs.
    pub(crate) scopes: &'static str,
    /// Its configuration.
    pub(crate) configuration: fn(&Endpoints) -> String,
}

/// Every agent, those that push metrics first.
pub(crate) const AGENTS: &[Agent] = &[
    Agent { name: "Prometheus", scopes: "write_metrics", configuration: prometheus },
    Agent { name: "vmagent", scopes: "write_metrics", configuration: vmagent },
    Agent { name: "Grafana Alloy", scopes: "write_metrics, write_logs", configuration: alloy },
    Agent { name: "OpenTelemetry Collector", scopes: "write_metrics, write_logs", configuration: collector },
    Agent { name: "Promtail", scopes: "write_logs", configuration: promtail },
    Agent { name: "Fluent Bit", scopes: "write_logs", configuration: fluent_bit },
    Agent { name: "Vector", scopes: "write_logs", configuration: vector },
    Agent { name: "Grafana", scopes: "query_metrics, query_logs", configuration: grafana },
    Agent { name: "logcli", scopes: "query_logs", configuration: logcli },
];

fn prometheus(endpoints: &Endpoints) -> String {
    let url = &endpoints.metrics_push_url;
    format!(
        "remote_write:
  - url: {url}
    authorization:
      credentials: TOKEN
    # Without it Prometheus drops what a rate limit refuses.
    queue_config:
      retry_on_http_429: true
"
    )
}

fn vmagent(endpoints: &Endpoints) -> String {
    let url = &endpoints.metrics_push_url;
    format!("vmagent -remoteWrite.url={url} -remoteWrite.bearerToken=TOKEN\n")
}

fn alloy(endpoints: &Endpoints) -> String {
    let Endpoints { metrics_push_url, logs_push_url, .. } = endpoints;
    format!(
        "prometheus.remote_write \"cockpit\" {{
  endpoint {{
    url          = \"{metrics_push_url}\"
    bearer_token = \"TOKEN\"
  }}
}}

loki.write \"cockpit\" {{
  endpoint {{
    url          = \"{logs_push_url}\"
    bearer_token = \"TOKEN\"
  }}
}}
"
    )
}

fn collector(endpoints: &Endpoints) -> String {
    let url = &endpoints.otlp_url;
    format!(
        "exporters:
  otlphttp/cockpit:
    endpoint: {url}
    headers:
      X-Token: TOKEN
"
    )
}

fn promtail(endpoints: &Endpoints) -> String {
    let url = &endpoints.logs_push_url;
    format!(
        "clients:
  - url: {url}
    bearer_token: TOKEN
"
    )
}

fn fluent_bit(endpoints: &Endpoints) -> String {
    let (host, port, tls) = parts(&endpoints.logs_push_url);
    let path = endpoints.logs_push_url.splitn(4, '/').nth(3).unwrap_or_default();
    format!(
        "[OUTPUT]
    name         loki
    match        *
    host         {host}
    port         {port}
    tls          {tls}
    uri          /{path}
    bearer_token TOKEN
"
    )
}

/// The host and port of a URL, and whether it is encrypted.
fn parts(url: &str) -> (&str, &str, &'static str) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split('/').next().unwrap_or_default();
    let (port, tls) = if scheme == "https" { ("443", "on") } else { ("80", "off") };
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port, tls),
        _ => (authority, port, tls),
    }
}

fn vector(endpoints: &Endpoints) -> String {
    let url = &endpoints.logs_url;
    format!(
        "[sinks.cockpit]
type = \"loki\"
inputs = [\"your_source\"]
endpoint = \"{url}\"
encoding.codec = \"json\"
labels.job = \"vector\"
auth.strategy = \"bearer\"
auth.token = \"TOKEN\"
"
    )
}

fn grafana(endpoints: &Endpoints) -> String {
    let Endpoints { metrics_query_url, logs_url, alertmanager_url, .. } = endpoints;
    format!(
        "apiVersion: 1
datasources:
  - name: Metrics
    type: prometheus
    url: {metrics_query_url}
    jsonData: {{prometheusType: Mimir, httpHeaderName1: X-Token}}
    secureJsonData: {{httpHeaderValue1: TOKEN}}
  - name: Logs
    type: loki
    url: {logs_url}
    jsonData: {{httpHeaderName1: X-Token}}
    secureJsonData: {{httpHeaderValue1: TOKEN}}
  - name: Alerts
    type: alertmanager
    url: {alertmanager_url}
    jsonData: {{implementation: mimir, httpHeaderName1: X-Token}}
    secureJsonData: {{httpHeaderValue1: TOKEN}}
"
    )
}

fn logcli(endpoints: &Endpoints) -> String {
    let url = &endpoints.logs_url;
    format!("LOKI_ADDR={url} LOKI_BEARER_TOKEN=TOKEN logcli query '{{job=\"agent\"}}'\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_is_told_an_address_of_this_gateway_and_the_token() {
        let endpoints = Endpoints::new("https://edge.example:8443", "https://grafana.example");
        for agent in AGENTS {
            let configuration = (agent.configuration)(&endpoints);
            assert!(configuration.contains("edge.example") && configuration.contains("TOKEN"), "{}", agent.name);
        }
    }

    #[test]
    fn an_address_is_taken_apart_for_those_who_want_it_so() {
        for (url, want) in [
            ("https://edge.example/logs", ("edge.example", "443", "on")),
            ("http://127.0.0.1:3000/logs", ("127.0.0.1", "3000", "off")),
        ] {
            assert_eq!(parts(url), want);
        }
    }
}
