//! Stand-ins for Mimir, Loki, Alertmanager and Grafana.
//!
//! For a first run, when no backend is configured, and for tests that need a backend to fail. They keep tenants
//! apart, remember little, and forget everything when they end: never use them to store anything.
//!
//! Start reading at [`server`], which every stand-in stands behind; [`fault`] is how tests make one fail.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a stand-in may stop a test")]

mod alertmanager;
mod fault;
mod grafana;
mod inflate;
mod loki;
mod mimir;
mod otlp;
mod record;
mod reply;
mod rules;
mod selector;
mod server;
mod tail;
mod watch;

use std::io::Write;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: cockpit-sandbox [--host ADDRESS]";

#[tokio::main]
async fn main() {
    let host = host().unwrap_or_else(|problem| {
        eprintln!("cockpit-sandbox: {problem}; {USAGE}");
        std::process::exit(2);
    });
    let mut stop = signal(SignalKind::terminate()).expect("signals can be handled");
    let services = [
        ("mimir", server::start(&host, mimir::Mimir::default()).await),
        ("loki", server::start(&host, loki::Loki::default()).await),
        ("alertmanager", server::start(&host, alertmanager::Alertmanager::default()).await),
        ("grafana", server::start(&host, grafana::Grafana).await),
    ];
    let mut lines: String = services.iter().map(|(name, address)| format!("{name}_url=http://{address}\n")).collect();
    lines.push_str("ready\n");
    let mut out = std::io::stdout();
    out.write_all(lines.as_bytes()).and_then(|()| out.flush()).expect("somebody reads where we listen");
    tokio::select! {
        _ = stop.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn host() -> Result<String, String> {
    let mut host = "127.0.0.1".to_owned();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("host") => {
                let value = arguments.value().map_err(|error| error.to_string())?;
                host = value.into_string().map_err(|_| "the host is no text".to_owned())?;
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(host)
}
