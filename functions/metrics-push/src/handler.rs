//! Remote write: checked here, stored by the backend.

use cockpit_core::{Body, ConfigError, Operation, Ports, Refusal};
use cockpit_gate::{Call, Relay, backend};
use cockpit_quota::{Meter, Signal};
use cockpit_wire::{
    remote_write::{self, Contents},
    snappy,
};
use http::{
    HeaderMap, Response,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

const MEDIA: &str = "send Content-Type: application/x-protobuf;proto=prometheus.WriteRequest";
const ENCODING: &str = "send Content-Encoding: snappy";

/// Serves the rows of this function: checks the request and forwards it byte for byte.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    if call.route.operation != Operation::PushMetrics {
        return Err(call.misrouted());
    }
    check_media(call.headers())?;
    let meter = Meter::open(call.ports, &call.permit, Signal::Metrics).await?;
    let body = call.read().await?;
    let contents = check_body(&body, call.route.limits.decoded)?;
    meter.pay(samples(&contents)).await?;
    meter.close(0).await;
    let backend = backend(call.ports, "mimir_url", "push_timeout").await?;
    let path = call.ports.variable("mimir_push_path").await?.filter(|path| path.starts_with('/'));
    let path = path.ok_or_else(|| ConfigError("mimir_push_path must begin with a slash".into()))?;
    call.relay(Relay::Push, &backend, &path, Body::from_bytes(body)).await
}

/// Senders may leave both headers out; where they are there, they must be right.
fn check_media(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    if value(CONTENT_TYPE).is_some_and(|media| !is_version_1(media)) {
        return Err(Refusal::UnsupportedMedia(MEDIA));
    }
    if value(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("snappy")) {
        return Err(Refusal::UnsupportedMedia(ENCODING));
    }
    Ok(())
}

fn is_version_1(media: &str) -> bool {
    let mut parts = media.split(';').map(str::trim);
    let protobuf = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-protobuf"));
    let proto = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("proto").then_some(value.trim().trim_matches('"'))
    });
    protobuf && proto.is_none_or(|proto| proto == "prometheus.WriteRequest")
}

fn check_body(body: &[u8], limit: usize) -> Result<Contents, Refusal> {
    let request = snappy::inflate(body, limit).map_err(|error| Refusal::Malformed(error.to_string().into()))?;
    remote_write::check(&request)
        .map_err(|error| Refusal::Malformed(format!("the body is not a remote-write 1.0 request: {error}").into()))
}

/// What counts against the rate: all that a backend has to write, as Mimir counts it.
fn samples(contents: &Contents) -> u64 {
    [contents.samples, contents.histograms, contents.exemplars, contents.metadata]
        .into_iter()
        .fold(0, |sum, count| sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn media(content_type: &str, encoding: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        headers.extend(encoding.map(|value| (CONTENT_ENCODING, HeaderValue::from_str(value).unwrap())));
        check_media(&headers).is_ok()
    }

    #[test]
    fn what_senders_of_version_1_say_is_accepted() {
        assert!(check_media(&HeaderMap::new()).is_ok(), "Telegraf sends neither header");
        for content_type in [
            "application/x-protobuf",
            "APPLICATION/X-Protobuf",
            "application/x-protobuf;charset=utf-8",
            "application/x-protobuf; proto=prometheus.WriteRequest",
        ] {
            assert!(media(content_type, Some("snappy")), "{content_type}");
        }
        assert!(media("application/x-protobuf", Some("SNAPPY")));
    }

    #[test]
    fn everything_else_is_another_media_type() {
        for content_type in [
            "application/json",
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            "application/x-protobuf;proto=unknown",
            "",
        ] {
            assert!(!media(content_type, None), "{content_type}");
        }
        for encoding in ["gzip", "zstd", "identity", "snappy, gzip", ""] {
            assert!(!media("application/x-protobuf", Some(encoding)), "{encoding}");
        }
    }
}
