//! A tenant's usage as series of its own, in the metrics backend.
//!
//! Components have no timer, so whoever opens a window and thereby collects the usage of past minutes sends it on, beside
//! its own push. It may come late by the minutes that are collected at once, and nothing about it can fail the push.

use crate::destination;
use bytes::Bytes;
use cockpit_core::{Backend, Body, ConfigError, Fault, Outbound, Permit, Ports, Refusal, ports::Config};
use cockpit_gate::Call;
use cockpit_quota::{
    Meter, Signal,
    usage::{
        Usage,
        metrics::{Metric, metrics},
    },
};
use cockpit_wire::{
    remote_write::write::{self, Series},
    snappy,
};
use futures_lite::future::zip;
use http::{HeaderMap, HeaderValue, Method, header};
use std::time::Duration;

/// A push waits for its usage to be taken at most so long, and for that only once in a few minutes.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits for what becomes of a push and, if the push brought usage to light and the operator wants it in the metrics
/// backend, sends that there meanwhile.
pub async fn with_usage<P: Ports, T>(call: &Call<'_, P>, meter: &Meter<'_, P>, push: impl Future<Output = T>) -> T {
    let Some(minutes) = meter.collected() else { return push.await };
    let (pushed, sent) = zip(push, send(call.ports, &call.permit, meter.signal(), &minutes)).await;
    if let Err(refusal) = sent {
        let cause = refusal.fault().map_or_else(|| refusal.to_string(), |fault| fault.cause().to_string());
        call.ports.line(&format!("the usage of a tenant is not in the metrics backend: {cause}"));
    }
    pushed
}

async fn send<P: Ports>(ports: &P, permit: &Permit, signal: Signal, minutes: &[(u64, Usage)]) -> Result<(), Refusal> {
    if !is_wanted(ports).await? || minutes.is_empty() {
        return Ok(());
    }
    let (mimir, path) = destination(ports, "mimir_url", "mimir_push_path").await?;
    let backend = Backend { timeout: PATIENCE, ..mimir };
    let body = snappy::deflate(&encode(signal, minutes)).ok_or_else(|| Refusal::bug("usage that is too large"))?;
    let body = Body::from_bytes(Bytes::from(body));
    let outbound = Outbound::new(permit, &backend, Method::POST, &path, &headers(), body)?;
    let status = ports.send(outbound).await?.status();
    let fault = || Fault::new("usage is not accepted", format!("it answered {status}"));
    if status.is_success() { Ok(()) } else { Err(Refusal::BadUpstream(fault())) }
}

async fn is_wanted(config: &impl Config) -> Result<bool, ConfigError> {
    match config.variable("usage_in_mimir").await?.as_deref() {
        None | Some("" | "off") => Ok(false),
        Some("on") => Ok(true),
        Some(_) => Err(ConfigError("usage_in_mimir must be on or off".into())),
    }
}

fn headers() -> HeaderMap {
    let known = [
        (header::CONTENT_TYPE, "application/x-protobuf"),
        (header::CONTENT_ENCODING, "snappy"),
        (header::HeaderName::from_static("x-prometheus-remote-write-version"), "0.1.0"),
    ];
    known.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

/// One series for each metric, with a sample at the end of each minute.
fn encode(signal: Signal, minutes: &[(u64, Usage)]) -> Vec<u8> {
    let Some((_, last)) = minutes.last() else { return Vec::new() };
    let series = metrics(signal, last).into_iter().enumerate().map(|(place, Metric { name, labels, .. })| {
        let samples = minutes.iter().filter_map(|(end, usage)| {
            let millis = i64::try_from(end.saturating_mul(1_000)).ok()?;
            Some((millis, metrics(signal, usage).get(place)?.value))
        });
        Series { name, labels, samples: samples.collect() }
    });
    write::encode(series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_wire::{
        checks::Limits,
        identity::Open,
        remote_write::{Validator, version1},
    };

    #[test]
    fn each_metric_is_a_series_with_a_sample_for_each_minute() {
        let minutes: Vec<_> =
            (1..4).map(|number| (number * 60, Usage { units: number * 100, ..Usage::default() })).collect();
        for signal in Signal::ALL {
            let bytes = encode(signal, &minutes);
            let limits = Limits::default();
            let judged = version1::walk(&bytes, &mut Validator::new(&limits, 180_000, &mut Open)).unwrap();
            assert_eq!((judged.kept.series, judged.kept.samples), (8, 24));
            assert!(judged.patch.is_empty());
        }
        assert_eq!(encode(Signal::Logs, &[]), b"");
    }

    #[test]
    fn the_operator_says_whether_usage_is_sent_and_no_typo_passes() {
        for (value, want) in [("", Some(false)), ("off", Some(false)), ("on", Some(true)), ("yes", None)] {
            let fake = cockpit_fake::Fake::new(&[("usage_in_mimir", value)]);
            assert_eq!(cockpit_fake::run(is_wanted(&fake)).ok(), want, "{value}");
        }
    }
}
