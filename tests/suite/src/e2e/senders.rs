//! Real senders of logs, installed from registries by `scripts/senders`, while the backend fails for ten seconds.

use super::{
    gateway::{Gateway, StandIn, with_sandbox},
    process::{Process, eventually, fresh_folder},
};
use crate::{rows::PROJECT, tree};
use serde_json::json;
use std::{collections::BTreeSet, fs::File, path::Path, process::Command};

/// How many lines each sends, and how many milliseconds apart: about twice as long as the backend fails.
const LINES: usize = 50;
const PAUSE: &str = "400";

/// A sender.
struct Sender {
    /// The label by which its lines are found.
    label: &'static str,
    value: &'static str,
    program: &'static str,
    script: Option<&'static str>,
}

const SENDERS: [Sender; 4] = [
    Sender {
        label: "app",
        value: "python-logging-loki",
        program: "python/bin/python",
        script: Some("logging_loki_handler.py"),
    },
    Sender {
        label: "service_name",
        value: "opentelemetry",
        program: "python/bin/python",
        script: Some("otlp_logs.py"),
    },
    Sender { label: "app", value: "winston-loki", program: "node", script: Some("winston_loki.js") },
    Sender { label: "app", value: "tracing-loki", program: "rust/debug/senders", script: None },
];

impl Sender {
    fn start(&self, gateway: &Gateway, secret: &str, folder: &Path) -> Process {
        let installed = tree::root().join("target/senders");
        let node = self.program == "node";
        let mut command = if node { Command::new("node") } else { Command::new(installed.join(self.program)) };
        command.args(self.script.map(|script| tree::root().join("tests/senders").join(script)));
        command.args([&gateway.url, secret, &LINES.to_string(), PAUSE]);
        command.env("NODE_PATH", installed.join("node/node_modules"));
        // Some complain at length while the backend fails.
        command.stderr(File::create(folder.join(self.value)).unwrap());
        Process::start(&mut command, "a sender is missing: run scripts/senders")
    }

    /// The numbers of its lines that the backend has.
    fn stored(&self, loki: &StandIn) -> BTreeSet<usize> {
        let lines = loki.lines(PROJECT, self.label, self.value);
        lines.iter().filter_map(|line| number(line)).collect()
    }
}

/// The number in `line 5`, whatever a sender wraps around it; some send lines of their own.
fn number(line: &str) -> Option<usize> {
    let (_, number) = line.split_once("line ")?;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

#[test]
fn senders_deliver_while_the_backend_fails_for_ten_seconds() {
    let (gateway, sandbox) = with_sandbox("senders");
    let secret = gateway.create_token("senders", &["write_logs"]).text("secret_key");
    let folder = fresh_folder("senders-errors");
    let running: Vec<_> = SENDERS.iter().map(|sender| (sender, sender.start(&gateway, &secret, &folder))).collect();
    for sender in &SENDERS {
        eventually(sender.value, || (!sender.stored(&sandbox.loki).is_empty()).then_some(()));
    }
    sandbox.loki.fail(&json!({"status": 503, "for_ms": 10_000}));
    for (sender, mut process) in running {
        assert_eq!(process.wait(), Some(0), "{}", sender.value);
        let stored = sender.stored(&sandbox.loki);
        println!("{}: {} of {LINES} lines", sender.value, stored.len());
        assert!(stored.iter().copied().eq(0..LINES), "{}: {stored:?}", sender.value);
    }
    assert!(sandbox.loki.received().iter().any(|request| request["status"] == 503), "the backend never failed");
}
