//! Real senders of metrics, from Debian and PyPI, while the backend fails for ten seconds.
//!
//! Scrapers are given a target that counts how often it is scraped, so that a lost sample is a gap in its count.

use super::{
    gateway::{Gateway, with_sandbox},
    process::{Process, eventually, free_port, fresh_folder, unpacked},
    prometheus,
};
use crate::tree;
use http::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};

/// A program that scrapes and writes.
struct Scraper {
    name: &'static str,
    program: &'static str,
    /// What its configuration says of the protocol.
    protocol: &'static str,
    /// How the sandbox knows it.
    agent: &'static str,
}

const SCRAPERS: [Scraper; 3] = [
    Scraper { name: "prometheus-1", program: "/usr/bin/prometheus", protocol: "", agent: "Prometheus/2" },
    Scraper {
        name: "prometheus-2",
        program: "prometheus",
        protocol: "protobuf_message: io.prometheus.write.v2.Request,",
        agent: "Prometheus/3",
    },
    Scraper { name: "vmagent", program: "vmagent", protocol: "", agent: "vmagent" },
];

/// A target that says how often it has been scraped.
struct Target {
    port: u16,
    scrapes: Arc<AtomicU64>,
}

impl Target {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, scrapes) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&scrapes);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let body = format!("scrapes {}\n", counted.fetch_add(1, SeqCst) + 1);
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length";
                let _ = stream.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes());
            }
        });
        Self { port, scrapes }
    }
}

impl Scraper {
    /// Starts it; it serves its own metrics at the address returned.
    fn start(&self, gateway: &Gateway, secret: &str, target: &Target, errors: &Path) -> (Process, String) {
        let folder = fresh_folder(&format!("scraper-{}", self.name));
        let (url, name, port) = (format!("{}/metrics/api/v1/push", gateway.url), self.name, target.port);
        let scrape = format!(
            "global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: {name}, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
        );
        let write = format!(
            "remote_write: [{{url: '{url}', {} authorization: {{credentials: '{secret}'}}, queue_config: {{batch_send_deadline: 1s}}}}]",
            self.protocol
        );
        let file = folder.join("config.yml");
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(unpacked(self.program));
        if self.program == "vmagent" {
            fs::write(&file, scrape).unwrap();
            command.args([format!("-promscrape.config={}", file.display()), format!("-httpListenAddr={listen}")]);
            command.arg(format!("-remoteWrite.tmpDataPath={}", folder.display()));
            command.args([format!("-remoteWrite.url={url}"), format!("-remoteWrite.bearerToken={secret}")]);
        } else {
            fs::write(&file, format!("{scrape}{write}")).unwrap();
            command.args([format!("--config.file={}", file.display()), format!("--web.listen-address={listen}")]);
            command.arg(format!("--storage.tsdb.path={}", folder.display()));
        }
        command.stderr(File::create(errors).unwrap());
        (Process::start(&mut command, "a sender is missing: run scripts/test"), format!("http://{listen}/metrics"))
    }
}

impl Scraper {
    /// Whether this is a request of this sender that failed, in the protocol it should speak.
    fn was_told_to_wait(&self, request: &Value) -> bool {
        let header = |name: &str| {
            let all = request["headers"].as_array().unwrap();
            all.iter().find(|header| header[0] == name).map_or("", |header| header[1].as_str().unwrap())
        };
        let version_2 = header("content-type").contains("io.prometheus.write.v2.Request");
        let protocol = version_2 != self.protocol.is_empty();
        request["status"] == 503 && header("user-agent").starts_with(self.agent) && protocol
    }
}

/// A sender that counts, sends what it has counted so far, and ends.
struct Counter {
    script: &'static str,
    metric: &'static str,
}

const COUNTERS: [Counter; 2] = [
    Counter { script: "otlp_metrics.py", metric: "otlp_steps_total" },
    Counter { script: "remote_write_metrics.py", metric: "remote_write_steps" },
];

/// How many steps each counter takes, and how many milliseconds apart: about twice as long as the backend fails.
const STEPS: u64 = 50;
const PAUSE: &str = "400";

impl Counter {
    /// Starts it; what it complains of goes to a file.
    fn start(&self, gateway: &Gateway, secret: &str, steps: u64, errors: &Path) -> Process {
        let mut command = Command::new(tree::root().join("target/senders/python/bin/python"));
        command.arg(tree::root().join("tests/senders").join(self.script));
        command.args([&gateway.url, secret, &steps.to_string(), PAUSE]).stderr(File::create(errors).unwrap());
        Process::start(&mut command, "a sender is missing: run scripts/senders")
    }
}

/// The values that the sandbox has of the series with this selector, escaped for a URL.
fn stored(gateway: &Gateway, secret: &str, selector: &str) -> BTreeSet<u64> {
    let series = gateway.query(secret, &format!("{selector}%5B1h%5D"));
    let values = series.iter().flat_map(|series| series["values"].as_array().unwrap());
    values.map(|value| value[1].as_str().unwrap().parse().unwrap()).collect()
}

fn of_job(job: &str) -> String {
    format!("scrapes%7Bjob=%22{job}%22%7D")
}

#[test]
fn senders_of_metrics_deliver_while_the_backend_fails_for_ten_seconds() {
    let (gateway, sandbox) = with_sandbox("metric-senders");
    let secret = gateway.create_token("senders", &["write_metrics", "query_metrics"]).text("secret_key");
    let errors = fresh_folder("metric-senders-errors");
    let scrapers = SCRAPERS.map(|scraper| {
        let target = Target::start();
        let process = scraper.start(&gateway, &secret, &target, &errors.join(scraper.name));
        (scraper, target, process)
    });
    let counters = COUNTERS.map(|counter| {
        let process = counter.start(&gateway, &secret, STEPS, &errors.join(counter.script));
        (counter, process)
    });
    for selector in SCRAPERS.iter().map(|scraper| of_job(scraper.name)).chain(COUNTERS.map(|c| c.metric.to_owned())) {
        eventually(&selector, || (!stored(&gateway, &secret, &selector).is_empty()).then_some(()));
    }
    sandbox.received();
    sandbox.fail(&json!({"status": 503, "for_ms": 10_000}));
    for (counter, mut process) in counters {
        assert_eq!(process.wait(), Some(0), "{}", counter.script);
        assert_eq!(stored(&gateway, &secret, counter.metric).last(), Some(&STEPS), "{}", counter.script);
    }
    let received = sandbox.received();
    for (scraper, target, _process) in &scrapers {
        let scraped: BTreeSet<u64> = (1..=target.scrapes.load(SeqCst)).collect();
        let stored = || stored(&gateway, &secret, &of_job(scraper.name));
        eventually(scraper.name, || stored().is_superset(&scraped).then_some(()));
        println!("{}: {} samples", scraper.name, scraped.len());
        assert!(received.iter().any(|request| scraper.was_told_to_wait(request)), "{}", scraper.name);
    }
    assert!(received.iter().any(|request| request["path"] == "/otlp/v1/metrics" && request["status"] == 503));
    let [_, _, (_, _, (_vmagent, metrics))] = &scrapers;
    let told = gateway.client.send(&Method::GET, metrics, &[], b"").body;
    let fallback = r#"remotewrite_requests_total{url="1:secret-url", status_code="415"} 1"#;
    assert!(String::from_utf8_lossy(&told).contains(fallback), "vmagent tries zstd once: {told:?}");
}

#[test]
fn what_opentelemetry_exports_to_a_real_backend_is_queried_back() {
    let backend = prometheus::newer_victoria_metrics();
    let gateway = backend.gateway("otlp-gateway");
    let writer = gateway.create_token("writer", &["write_metrics"]).text("secret_key");
    let reader = gateway.create_token("reader", &["query_metrics"]).text("secret_key");
    let [counter, _] = COUNTERS;
    let errors = fresh_folder("otlp-errors").join(counter.script);
    assert_eq!(counter.start(&gateway, &writer, 3, &errors).wait(), Some(0));
    let counted = eventually(counter.metric, || gateway.query(&reader, counter.metric).pop());
    assert_eq!(counted["value"][1], "3", "{counted}");
}
