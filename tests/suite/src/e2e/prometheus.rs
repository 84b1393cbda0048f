//! Real backends and a real sender: a Prometheus scrapes itself and writes through the gateway, and what it wrote
//! is queried back through the gateway.
//!
//! Runs against Debian's Prometheus and VictoriaMetrics, and against any other backend that the environment names:
//! `COCKPIT_TEST_MIMIR_URL`, with `COCKPIT_TEST_MIMIR_PUSH_PATH` and `COCKPIT_TEST_MIMIR_QUERY_PREFIX` where they are
//! not Mimir's.

use super::{
    gateway::Gateway,
    process::{Process, eventually, free_port, fresh_folder, unpacked},
};
use std::{
    fs,
    io::Write,
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

/// A backend, and where it expects pushes and queries.
pub(crate) struct Backend {
    name: &'static str,
    url: String,
    push_path: String,
    otlp_path: &'static str,
    query_prefix: String,
    _process: Option<Process>,
}

impl Backend {
    /// One with Prometheus's paths.
    fn started(name: &'static str, otlp_path: &'static str, (port, process): (u16, Process)) -> Self {
        let (url, push_path) = (format!("http://127.0.0.1:{port}"), "/api/v1/write".into());
        Self { name, url, push_path, otlp_path, query_prefix: String::new(), _process: Some(process) }
    }

    /// A gateway with an active Cockpit before it.
    pub(crate) fn gateway(&self, folder: &str) -> Gateway {
        let variables = [
            ("mimir_url", &*self.url),
            ("mimir_push_path", &self.push_path),
            ("mimir_otlp_path", self.otlp_path),
            ("mimir_query_prefix", &self.query_prefix),
        ];
        let gateway = Gateway::start(folder, &variables);
        assert_eq!(gateway.activate().status, 200);
        gateway
    }
}

/// Starts a program, and waits until it listens on this port.
pub(crate) fn start(mut command: Command, port: u16) -> Process {
    let program = command.get_program().to_string_lossy().into_owned();
    let process = Process::start(command.stderr(Stdio::null()), &format!("{program} is missing: run scripts/test"));
    eventually(&program, || TcpStream::connect(("127.0.0.1", port)).ok());
    process
}

/// Starts a Prometheus with this configuration, in which `PORT` is its own; returns its port.
pub(crate) fn prometheus(program: &Path, name: &str, config: &str, options: &[&str]) -> (u16, Process) {
    let (folder, port) = (fresh_folder(name), free_port());
    let file = folder.join("prometheus.yml");
    fs::write(&file, config.replace("PORT", &port.to_string())).unwrap();
    let mut command = Command::new(program);
    command.arg(format!("--config.file={}", file.display())).arg(format!("--storage.tsdb.path={}", folder.display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}")).args(options);
    (port, start(command, port))
}

fn victoria_metrics(program: &Path, folder: &str, options: &[&str]) -> (u16, Process) {
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(format!("-storageDataPath={}", fresh_folder(folder).display()));
    command.arg(format!("-httpListenAddr=127.0.0.1:{port}")).arg("-search.latencyOffset=0s").args(options);
    (port, start(command, port))
}

const NO_OTLP: &str = "/it-has-none";

fn debian_prometheus() -> Backend {
    let options = ["--web.enable-remote-write-receiver"];
    let started = prometheus(Path::new("prometheus"), "prometheus-backend", "{}", &options);
    Backend::started("Prometheus", NO_OTLP, started)
}

fn debian_victoria_metrics() -> Backend {
    let started = victoria_metrics(Path::new("victoria-metrics"), "victoria", &[]);
    Backend::started("VictoriaMetrics", NO_OTLP, started)
}

/// One that takes remote write 2.0. Debian builds it without OpenTelemetry's protocol.
fn newer_prometheus() -> Backend {
    let options = ["--web.enable-remote-write-receiver"];
    let started = prometheus(&unpacked("prometheus"), "newer-prometheus-backend", "{}", &options);
    Backend::started("a newer Prometheus", NO_OTLP, started)
}

/// One that takes OpenTelemetry's metrics.
pub(crate) fn newer_victoria_metrics() -> Backend {
    let options = ["-opentelemetry.usePrometheusNaming"];
    let started = victoria_metrics(&unpacked("victoria-metrics"), "newer-victoria", &options);
    Backend::started("a newer VictoriaMetrics", "/opentelemetry/v1/metrics", started)
}

#[expect(clippy::disallowed_methods, reason = "the environment names backends for tests only")]
fn variable(name: &str) -> Option<String> {
    std::env::var(format!("COCKPIT_TEST_MIMIR_{name}")).ok()
}

/// Where a Mimir is that the environment names; one without a ruler has paths of its own.
pub(crate) fn named_url() -> Option<String> {
    variable("URL").filter(|_| variable("QUERY_PREFIX").is_none())
}

fn named() -> Option<Backend> {
    Some(Backend {
        name: "the backend of COCKPIT_TEST_MIMIR_URL",
        url: variable("URL")?,
        push_path: variable("PUSH_PATH").unwrap_or_else(|| "/api/v1/push".into()),
        otlp_path: "/otlp/v1/metrics",
        query_prefix: variable("QUERY_PREFIX").unwrap_or_else(|| "/prometheus".into()),
        _process: None,
    })
}

/// A Prometheus that scrapes itself each second and writes to this URL with this token.
fn sender(program: &Path, protocol: &str, url: &str, secret: &str) -> Process {
    let config = format!(
        "{{global: {{scrape_interval: 1s}},
          scrape_configs: [{{job_name: sender, static_configs: [{{targets: ['127.0.0.1:PORT']}}]}}],
          remote_write: [{{url: '{url}', {protocol} authorization: {{credentials: '{secret}'}},
                          queue_config: {{batch_send_deadline: 1s}}}}]}}"
    );
    prometheus(program, "prometheus-sender", &config, &[]).1
}

fn writes_and_reads_back(backend: &Backend, program: &Path, protocol: &str) {
    // Past the harness, which keeps what tests that pass print to itself.
    writeln!(std::io::stderr(), "{} writes to {}", program.display(), backend.name).unwrap();
    let gateway = backend.gateway("prometheus-gateway");
    let writer = gateway.create_token("writer", &["write_metrics"]).text("secret_key");
    let reader = gateway.create_token("reader", &["query_metrics"]).text("secret_key");
    let _sender = sender(program, protocol, &format!("{}/metrics/api/v1/push", gateway.url), &writer);
    let up = eventually(backend.name, || gateway.query(&reader, "up%7Bjob=%22sender%22%7D").pop());
    assert_eq!(up["value"][1], "1", "{}: {up}", backend.name);
}

#[test]
fn what_a_real_prometheus_writes_is_queried_back() {
    for backend in [Some(debian_prometheus()), Some(debian_victoria_metrics()), named()].into_iter().flatten() {
        writes_and_reads_back(&backend, Path::new("prometheus"), "");
    }
    let version_2 = "protobuf_message: io.prometheus.write.v2.Request,";
    writes_and_reads_back(&newer_prometheus(), &unpacked("prometheus"), version_2);
}
