//! Remote write: checked here, the good part stored by the backend.

use crate::{
    media::Version,
    written::{self, Written},
};
use bytes::Bytes;
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, Relay, backend, json};
use cockpit_otlp::Export;
use cockpit_push::{Counted, limits, path, refused, shown, with_usage};
use cockpit_quota::{Meter, Signal};
use cockpit_wire::{
    checks::Limits,
    explain::Explanation,
    identity::{Admission, Open},
    otlp::Items,
    remote_write::{Contents, Judged, validate, version1, version2},
    report::Report,
    snappy,
};
use http::{Response, StatusCode};

/// Metrics as OpenTelemetry's clients push them.
const EXPORT: Export =
    Export { signal: Signal::Metrics, items: Items::DataPoints, url: "mimir_url", path: "mimir_otlp_path" };

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::PushMetrics => push(call).await,
        Operation::PushOtlpMetrics => cockpit_otlp::push(call, &EXPORT).await,
        _ => Err(call.misrouted()),
    }
}

/// Forwards a good request byte for byte, and the good part of any other.
async fn push(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let version = Version::of(call.headers())?;
    let limits = limits(call.ports, "metrics_limits").await?;
    if call.wants_explanation() {
        return explain(&mut call, version, &limits).await;
    }
    let meter = Meter::open(call.ports, &call.permit, Signal::Metrics).await?;
    let block = call.read().await?;
    let request = inflate(&block, call.route.limits.decoded)?;
    let (mut judged, mut report) = judge(&call, version, &request, &limits, &mut Counted(&meter))?;
    if meter.is_unsure() {
        meter.refresh().await?;
        (judged, report) = judge(&call, version, &request, &limits, &mut Counted(&meter))?;
    }
    meter.pay(units(&judged.sent)).await?;
    meter.close(&refused(&report)).await;
    let written = Written::from(&judged.kept);
    let nothing = judged.kept.is_empty();
    // Mimir breaks off the connection of a request of version 2.0 without series, which would be sent for ever.
    if nothing && (version == Version::Two || !judged.patch.is_empty()) {
        return with_usage(&call, &meter, async { Ok(answer(&report, &judged, &written)) }).await;
    }
    let body = left(block, request, &judged, &call)?;
    let backend = backend(call.ports, "mimir_url", "push_timeout").await?;
    let path = path(call.ports, "mimir_push_path").await?;
    let mut response = with_usage(&call, &meter, call.relay(Relay::Push, &backend, &path, body)).await?;
    if !response.status().is_success() {
        return Ok(response);
    }
    // What the backend refuses, it refuses of what is left: its verdict is the one to act on.
    if !report.is_clean() {
        return Ok(answer(&report, &judged, &written));
    }
    written.complete(response.headers_mut());
    Ok(response)
}

/// What would become of a push, which is neither counted nor stored.
async fn explain(
    call: &mut Call<'_, impl Ports>,
    version: Version,
    limits: &Limits,
) -> Result<Response<Body>, Refusal> {
    let block = call.read().await?;
    let request = inflate(&block, call.route.limits.decoded)?;
    let (judged, report) = judge(call, version, &request, limits, &mut Open)?;
    let values = |contents: &Contents| u64::try_from(contents.values()).unwrap_or(u64::MAX);
    let usage = Meter::usage(call.ports, &call.permit, Signal::Metrics).await?;
    json(
        &Explanation::new(&report, limits, values(&judged.sent), values(&judged.kept))
            .with(usage.into_iter().map(shown)),
    )
}

fn inflate(block: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    snappy::inflate(block, limit).map_err(|error| Refusal::Malformed(error.to_string().into()))
}

/// Walks the request; what the validator refuses is to be cut out.
fn judge<P: Ports>(
    call: &Call<'_, P>,
    version: Version,
    request: &[u8],
    limits: &Limits,
    admission: &mut impl Admission,
) -> Result<(Judged, Report), Refusal> {
    const MICROS: i64 = 1_000;
    let now = call.ports.now().micros().div_euclid(MICROS);
    let judged = validate(limits, now, admission, |validator| match version {
        Version::One => version1::walk(request, validator),
        Version::Two => version2::walk(request, validator),
    });
    let malformed = |what: String| Refusal::Malformed(what.into());
    let (judged, report) = judged
        .map_err(|error| malformed(format!("the body is not a remote-write {} request: {error}", version.name())))?;
    if judged.patch.is_full() {
        return Err(malformed("the request has more faults than can be cut out: send smaller batches".into()));
    }
    Ok((judged, report))
}

/// What counts against the rate: all that a backend has to write, as Mimir counts it.
fn units(contents: &Contents) -> u64 {
    [contents.samples, contents.histograms, contents.exemplars, contents.metadata]
        .into_iter()
        .fold(0, |sum, count| sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)))
}

/// The body for the backend: the sender's own bytes where nothing was cut.
fn left(block: Bytes, request: Vec<u8>, judged: &Judged, call: &Call<'_, impl Ports>) -> Result<Body, Refusal> {
    if judged.patch.is_empty() {
        return Ok(Body::from_bytes(block));
    }
    drop(block);
    let left = judged.patch.apply(&request);
    drop(request);
    let block = snappy::deflate(&left).ok_or_else(|| Refusal::bug("a request that cannot be compressed"))?;
    call.hold(block.into())
}

/// The answer to a push that stored what it could: 400, or 204 where there was nothing to store and nothing wrong.
fn answer(report: &Report, judged: &Judged, written: &Written) -> Response<Body> {
    if report.is_clean() {
        return written::response(StatusCode::NO_CONTENT, "", written);
    }
    let stored = match judged.sent.values() {
        0 => format!("{} of {} metadata", judged.kept.metadata, judged.sent.metadata),
        sent => format!("{} of {sent} samples", judged.kept.values()),
    };
    written::response(StatusCode::BAD_REQUEST, &report.line(&stored), written)
}
