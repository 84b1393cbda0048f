//! Loki's push: checked here, the good part stored by the backend.

use crate::media::{Form, Left, Media};
use bytes::Bytes;
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, Relay};
use cockpit_otlp::Export;
use cockpit_push::{Counted, charged, destination, explained, limits, meter, relayed, with_usage};
use cockpit_quota::{Meter, Signal};
use cockpit_wire::{
    checks::Limits,
    explain::Explanation,
    identity::Admission,
    loki::{self, Judged, checker::Checker},
    otlp::Items,
};
use http::{HeaderMap, HeaderValue, Response, header};

/// Logs as OpenTelemetry's clients push them.
const EXPORT: Export =
    Export { signal: Signal::Logs, items: Items::LogRecords, url: "loki_url", path: "loki_otlp_path" };

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::PushLogs => push(call).await,
        Operation::PushOtlpLogs => cockpit_otlp::push(call, &EXPORT).await,
        _ => Err(call.misrouted()),
    }
}

async fn push(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let media = Media::of(call.headers())?;
    let meter = meter(&call, Signal::Logs).await?;
    let limits = limits(call.ports, "logs_limits", meter.retention()).await?;
    let (backend, path) = destination(call.ports, "loki_url", "loki_push_path").await?;
    let judged = judged(&mut call, &media, &limits, &meter).await;
    let Read { checker, bytes, left } = charged(&call, &meter, judged).await?;
    if call.wants_explanation() {
        let (received, stored) = checker.entries();
        let explanation = Explanation::new(checker.report(), &limits, received, stored);
        return explained(&call, &meter, explanation).await;
    }
    meter.pay(bytes).await?;
    meter.close(&cockpit_push::refused(checker.report())).await;
    let Some((body, coding)) = left else {
        return with_usage(&call, &meter, async { Err(refused(&checker, &meter)) }).await;
    };
    let headers = described(call.headers(), media.form, coding);
    let relay = call.relay(Relay::Push, &backend, &path, &headers, body);
    let response = relayed(&call, &meter, relay).await?;
    // What the backend refuses, it refuses of what is left: its verdict is the one to act on.
    let partial = response.status().is_success() && !checker.report().is_clean();
    if partial { Err(refused(&checker, &meter)) } else { Ok(response) }
}

/// What is known of a push once it is read. Its text is not kept: many may wait for the store at once.
struct Read<'l, A> {
    checker: Checker<'l, A>,
    /// How many bytes it has, unpacked.
    bytes: u64,
    /// What is left for the backend, and its content encoding.
    left: Option<(Body, Option<&'static str>)>,
}

/// Takes a push in, and judges it.
async fn judged<'l, P: Ports>(
    call: &mut Call<'_, P>,
    media: &Media,
    limits: &'l Limits,
    meter: &'l Meter<'_, P>,
) -> Result<Read<'l, Counted<'l, 'l, P>>, Refusal> {
    let now = call.ports.now().micros().saturating_mul(1000);
    let body = call.read().await?;
    meter.judge(|| read(call, media, &body, Checker::new(limits, now, Counted(meter)))).await
}

/// Reads a push, and cuts out what is refused.
fn read<'l, A: Admission>(
    call: &Call<'_, impl Ports>,
    media: &Media,
    body: &Bytes,
    mut checker: Checker<'l, A>,
) -> Result<Read<'l, A>, Refusal> {
    let opened = media.open(body.clone(), call.route.limits.decoded)?;
    let judged = judge(media.form, opened.content(), &mut checker)?;
    let bytes = u64::try_from(opened.content().len()).unwrap_or(u64::MAX);
    let left = match judged.kept {
        0 => None,
        _ if judged.patch.is_empty() => Some(opened.whole()),
        _ => Some(opened.patched(&judged.patch)?),
    };
    Ok(Read { checker, bytes, left: left.map(|left| held(call, left)).transpose()? })
}

/// A body for the backend, which is held until it has gone there, and its content encoding.
fn held<P>(call: &Call<'_, P>, left: Left) -> Result<(Body, Option<&'static str>), Refusal> {
    let Left { bytes, coding, is_made } = left;
    let body = if is_made { call.hold(bytes)? } else { Body::from_bytes(bytes) };
    Ok((body, coding))
}

/// Reads what was pushed; what the checker refuses is to be cut out.
fn judge(form: Form, content: &[u8], checker: &mut Checker<'_, impl Admission>) -> Result<Judged, Refusal> {
    let judged = match form {
        Form::Json => loki::json::read(content, checker).map_err(|error| error.to_string()),
        Form::Protobuf => loki::protobuf::walk(content, checker).map_err(|error| error.to_string()),
    };
    let judged = judged.map_err(|error| Refusal::Malformed(format!("the body is not a Loki push: {error}").into()))?;
    if judged.streams == 0 {
        return Err(Refusal::Malformed("the push has no streams: at least one is required".into()));
    }
    Ok(judged)
}

/// A push of which only new streams were cut may be sent again when others have gone quiet: as Loki, 429.
fn refused<P: cockpit_quota::meter::Ports>(checker: &Checker<'_, impl Admission>, meter: &Meter<'_, P>) -> Refusal {
    match checker.report().is_throttled() {
        true => Refusal::Cut(meter.full(), checker.line()),
        false => Refusal::Malformed(checker.line().into()),
    }
}

/// The caller's headers, with those that say what the body is replaced by ours: the backend must read it as we did.
fn described(caller: &HeaderMap, form: Form, coding: Option<&'static str>) -> HeaderMap {
    let mut headers = caller.clone();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    match coding {
        Some(coding) => drop(headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding))),
        None => drop(headers.remove(header::CONTENT_ENCODING)),
    }
    headers
}
