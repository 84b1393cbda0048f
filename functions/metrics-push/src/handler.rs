//! Remote write: checked here, the good part stored by the backend.

use crate::{
    media::Version,
    written::{self, Written},
};
use bytes::Bytes;
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, Relay};
use cockpit_otlp::Export;
use cockpit_push::{Counted, charged, destination, explained, limits, meter, refused, relayed, uncut, with_usage};
use cockpit_quota::{Meter, Signal};
use cockpit_wire::{
    checks::Limits,
    explain::Explanation,
    identity::Admission,
    otlp::Items,
    protobuf::ProtobufError,
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
    let meter = meter(&call, Signal::Metrics).await?;
    let limits = limits(call.ports, "metrics_limits", meter.retention()).await?;
    let (backend, path) = destination(call.ports, "mimir_url", "mimir_push_path").await?;
    let judged = judged(&mut call, version, &limits, &meter).await;
    let mut push = charged(&call, &meter, judged).await?;
    if call.wants_explanation() {
        return explained(&call, &meter, push.explanation(&limits)).await;
    }
    meter.pay(units(&push.sent)).await?;
    meter.close(&refused(&push.report)).await;
    let Some(body) = push.left.take() else {
        return with_usage(&call, &meter, async { Ok(push.answer(Written::default())) }).await;
    };
    let headers = version.described(call.headers());
    let relay = call.relay(Relay::Push, &backend, &path, &headers, body);
    let mut response = relayed(&call, &meter, relay).await?;
    if !response.status().is_success() {
        return Ok(response);
    }
    // What the backend refuses, it refuses of what is left: its verdict is the one to act on.
    let written = Written::of(version, &push.kept, response.headers());
    if !push.report.is_clean() {
        return Ok(push.answer(written.unwrap_or_default()));
    }
    if let Some(written) = written {
        push.told(written).tell(response.headers_mut());
    }
    Ok(response)
}

/// What is known of a push once it is read. The request itself is not kept: many may wait for the store at once.
struct Read {
    sent: Contents,
    kept: Contents,
    report: Report,
    /// What is left for the backend, if anything.
    left: Option<Body>,
}

impl Read {
    fn explanation<'r>(&'r self, limits: &'r Limits) -> Explanation<'r> {
        let values = |contents: &Contents| u64::try_from(contents.values()).unwrap_or(u64::MAX);
        Explanation::new(&self.report, limits, values(&self.sent), values(&self.kept))
    }

    /// What its sender is told is written, of which so much is stored.
    fn told(&self, stored: Written) -> Written {
        stored.with_silent(&self.sent, &self.report)
    }

    /// The answer to a push that stored what it could: 400, or 204 where there was nothing to store and nothing wrong.
    fn answer(&self, stored: Written) -> Response<Body> {
        let Self { sent, kept, report, .. } = self;
        let written = self.told(stored);
        if report.is_clean() {
            return written::response(StatusCode::NO_CONTENT, "", &written);
        }
        let stored = match sent.values() {
            0 => format!("{} of {} metadata", kept.metadata, sent.metadata),
            values => format!("{} of {values} samples", written.values()),
        };
        written::response(StatusCode::BAD_REQUEST, &report.line(&stored), &written)
    }
}

/// Takes a push in, and judges it.
async fn judged<P: Ports>(
    call: &mut Call<'_, P>,
    version: Version,
    limits: &Limits,
    meter: &Meter<'_, P>,
) -> Result<Read, Refusal> {
    let block = call.read().await?;
    meter.judge(|| read(call, version, &block, limits, &mut Counted(meter))).await
}

/// Reads a push, and cuts out what is refused.
fn read<P: Ports>(
    call: &Call<'_, P>,
    version: Version,
    block: &Bytes,
    limits: &Limits,
    admission: &mut impl Admission,
) -> Result<Read, Refusal> {
    let malformed = |what: String| Refusal::Malformed(what.into());
    let request = snappy::inflate(block, call.route.limits.decoded).map_err(|error| malformed(error.to_string()))?;
    let (Judged { sent, kept, patch, .. }, report) = judge(call, version, &request, limits, admission)
        .map_err(|error| malformed(format!("the body is not a remote-write {} request: {error}", version.name())))?;
    // Mimir breaks off the connection of a request of version 2.0 without series, which would be sent for ever.
    let left = if kept.is_empty() && (version == Version::Two || !patch.is_empty()) {
        None
    } else if patch.is_empty() {
        Some(Body::from_bytes(block.clone()))
    } else {
        let block = patch.deflate(&request).map_err(|error| uncut("request", error))?;
        Some(call.hold(block.into())?)
    };
    Ok(Read { sent, kept, report, left })
}

/// Walks the request; what the validator refuses is to be cut out.
fn judge<P: Ports>(
    call: &Call<'_, P>,
    version: Version,
    request: &[u8],
    limits: &Limits,
    admission: &mut impl Admission,
) -> Result<(Judged, Report), ProtobufError> {
    const MICROS: i64 = 1_000;
    let now = call.ports.now().micros().div_euclid(MICROS);
    validate(limits, now, admission, |validator| match version {
        Version::One => version1::walk(request, validator),
        Version::Two => version2::walk(request, validator),
    })
}

/// What counts against the rate: all that a backend has to write, as Mimir counts it.
fn units(contents: &Contents) -> u64 {
    [contents.samples, contents.histograms, contents.exemplars, contents.metadata]
        .into_iter()
        .fold(0, |sum, count| sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)))
}
