//! Real backends and a real sender: a Prometheus scrapes itself and writes through the gateway, and what it wrote
//! is queried back through the gateway.
//!
//! Runs against Debian's Prometheus and VictoriaMetrics, and against any other backend that the environment names:
//! `COCKPIT_TEST_MIMIR_URL`, with `COCKPIT_TEST_MIMIR_PUSH_PATH` and `COCKPIT_TEST_MIMIR_QUERY_PREFIX` where they are
//! not Mimir's.

use super::{
    gateway::Gateway,
    process::{Process, eventually, free_port, fresh_folder},
};
use std::{
    fs,
    io::Write,
    net::TcpStream,
    process::{Command, Stdio},
};

/// A backend, and where it expects pushes and queries.
struct Backend {
    name: &'static str,
    url: String,
    push_path: String,
    query_prefix: String,
    _process: Option<Process>,
}

fn start(mut command: Command, port: u16) -> Process {
    let program = command.get_program().to_string_lossy().into_owned();
    let process = Process::start(command.stderr(Stdio::null()), &format!("{program} is missing: run scripts/test"));
    eventually(&program, || TcpStream::connect(("127.0.0.1", port)).ok());
    process
}

fn prometheus(name: &str, config: &str, options: &[&str]) -> (u16, Process) {
    let (folder, port) = (fresh_folder(name), free_port());
    let file = folder.join("prometheus.yml");
    fs::write(&file, config.replace("PORT", &port.to_string())).unwrap();
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", file.display())).arg(format!("--storage.tsdb.path={}", folder.display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}")).args(options);
    (port, start(command, port))
}

fn debian_prometheus() -> Backend {
    let (port, process) = prometheus("prometheus-backend", "{}", &["--web.enable-remote-write-receiver"]);
    Backend {
        name: "Prometheus",
        url: format!("http://127.0.0.1:{port}"),
        push_path: "/api/v1/write".into(),
        query_prefix: String::new(),
        _process: Some(process),
    }
}

fn victoria_metrics() -> Backend {
    let port = free_port();
    let mut command = Command::new("victoria-metrics");
    command.arg(format!("-storageDataPath={}", fresh_folder("victoria").display()));
    command.arg(format!("-httpListenAddr=127.0.0.1:{port}")).arg("-search.latencyOffset=0s");
    Backend {
        name: "VictoriaMetrics",
        url: format!("http://127.0.0.1:{port}"),
        push_path: "/api/v1/write".into(),
        query_prefix: String::new(),
        _process: Some(start(command, port)),
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment names backends for this test only")]
fn named() -> Option<Backend> {
    let variable = |name: &str| std::env::var(format!("COCKPIT_TEST_MIMIR_{name}")).ok();
    Some(Backend {
        name: "the backend of COCKPIT_TEST_MIMIR_URL",
        url: variable("URL")?,
        push_path: variable("PUSH_PATH").unwrap_or_else(|| "/api/v1/push".into()),
        query_prefix: variable("QUERY_PREFIX").unwrap_or_else(|| "/prometheus".into()),
        _process: None,
    })
}

/// A Prometheus that scrapes itself each second and writes to this URL with this token.
fn sender(url: &str, secret: &str) -> Process {
    let config = format!(
        "{{global: {{scrape_interval: 1s}},
          scrape_configs: [{{job_name: sender, static_configs: [{{targets: ['127.0.0.1:PORT']}}]}}],
          remote_write: [{{url: '{url}', authorization: {{credentials: '{secret}'}}, queue_config: {{batch_send_deadline: 1s}}}}]}}"
    );
    prometheus("prometheus-sender", &config, &[]).1
}

#[test]
fn what_a_real_prometheus_writes_is_queried_back() {
    for backend in [Some(debian_prometheus()), Some(victoria_metrics()), named()].into_iter().flatten() {
        // Past the harness, which keeps what tests that pass print to itself.
        writeln!(std::io::stderr(), "a real Prometheus writes to {}", backend.name).unwrap();
        let gateway = Gateway::start(
            "prometheus-gateway",
            &[
                ("mimir_url", &backend.url),
                ("mimir_push_path", &backend.push_path),
                ("mimir_query_prefix", &backend.query_prefix),
            ],
        );
        assert_eq!(gateway.activate().status, 200);
        let writer = gateway.create_token("writer", &["write_metrics"]).text("secret_key");
        let reader = gateway.create_token("reader", &["query_metrics"]).text("secret_key");
        let _sender = sender(&format!("{}/metrics/api/v1/push", gateway.url), &writer);
        let up = eventually(backend.name, || gateway.query(&reader, "up%7Bjob=%22sender%22%7D").pop());
        assert_eq!(up["value"][1], "1", "{}: {up}", backend.name);
    }
}
