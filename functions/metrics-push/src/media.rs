//! Which version of remote write a request says it is.

use cockpit_core::Refusal;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

const MEDIA: &str = "send Content-Type: application/x-protobuf, with proto=prometheus.WriteRequest or \
                     proto=io.prometheus.write.v2.Request";
const ENCODING: &str = "send Content-Encoding: snappy";

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `prometheus.WriteRequest`
    One,
    /// `io.prometheus.write.v2.Request`
    Two,
}

impl Version {
    /// What the headers say. Senders may leave them out; where they are there, they must be right: vmagent falls
    /// back from zstd on a 415, and a request of the other version would be dropped unseen.
    pub fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let value = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
        if value(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("snappy")) {
            return Err(Refusal::UnsupportedMedia(ENCODING));
        }
        let version = value(CONTENT_TYPE).map_or(Some(Self::One), Self::of_media);
        version.ok_or(Refusal::UnsupportedMedia(MEDIA))
    }

    fn of_media(media: &str) -> Option<Self> {
        let mut parts = media.split(';').map(str::trim);
        let kind = parts.next()?;
        let proto = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("proto").then_some(value.trim().trim_matches('"'))
        });
        match proto {
            _ if !kind.eq_ignore_ascii_case("application/x-protobuf") => None,
            None | Some("prometheus.WriteRequest") => Some(Self::One),
            Some("io.prometheus.write.v2.Request") => Some(Self::Two),
            Some(_) => None,
        }
    }

    /// The caller's headers, with those that say what the body is replaced: Prometheus compares them letter by letter,
    /// and takes a parameter behind a space for none, and so 2.0 for 1.0, of which it then stores nothing.
    pub fn described(self, caller: &HeaderMap) -> HeaderMap {
        let media = match self {
            Self::One => "application/x-protobuf",
            Self::Two => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        };
        let mut headers = caller.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        headers
    }

    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "1.0",
            Self::Two => "2.0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(content_type: &str, encoding: Option<&str>) -> Option<Version> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        headers.extend(encoding.map(|value| (CONTENT_ENCODING, HeaderValue::from_str(value).unwrap())));
        Version::of(&headers).ok()
    }

    #[test]
    fn what_senders_say_is_understood() {
        assert_eq!(Version::of(&HeaderMap::new()).ok(), Some(Version::One), "Telegraf sends neither header");
        for (content_type, want) in [
            ("application/x-protobuf", Version::One),
            ("APPLICATION/X-Protobuf", Version::One),
            ("application/x-protobuf;charset=utf-8", Version::One),
            ("application/x-protobuf; proto=prometheus.WriteRequest", Version::One),
            ("application/x-protobuf;proto=io.prometheus.write.v2.Request", Version::Two),
            ("application/x-protobuf; Proto=\"io.prometheus.write.v2.Request\"", Version::Two),
        ] {
            assert_eq!(media(content_type, Some("snappy")), Some(want), "{content_type}");
        }
        assert_eq!(media("application/x-protobuf", Some("SNAPPY")), Some(Version::One));
    }

    #[test]
    fn everything_else_is_another_media_type() {
        for content_type in ["application/json", "image/png", "application/x-protobuf;proto=unknown", ""] {
            assert_eq!(media(content_type, None), None, "{content_type}");
        }
        for encoding in ["gzip", "zstd", "identity", "snappy, gzip", ""] {
            assert_eq!(media("application/x-protobuf", Some(encoding)), None, "{encoding}");
        }
    }
}
