//! What a body is, from its headers, and how much is in it.

use cockpit_core::Refusal;
use cockpit_wire::{
    inflate::{Coding, inflate},
    otlp,
};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use std::fmt::Display;

const TYPES: &str = "send Content-Type: application/x-protobuf or application/json";
const ENCODINGS: &str = "send Content-Encoding: gzip, or none";

/// What the headers say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Media {
    /// Whether it is JSON; protobuf otherwise.
    pub(crate) json: bool,
    gzip: bool,
}

/// How much a request holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Log records, or data points.
    pub(crate) items: usize,
    /// Bytes, uncompressed.
    pub(crate) bytes: usize,
}

impl Media {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let value = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
        let kind = value(CONTENT_TYPE).unwrap_or_default();
        let json = match kind.split(';').next().unwrap_or_default().trim_end() {
            "application/x-protobuf" => false,
            "application/json" => true,
            _ => return Err(Refusal::UnsupportedMedia(TYPES)),
        };
        let gzip = match value(CONTENT_ENCODING).unwrap_or_default().as_str() {
            "" | "identity" => false,
            "gzip" => true,
            _ => return Err(Refusal::UnsupportedMedia(ENCODINGS)),
        };
        Ok(Self { json, gzip })
    }

    /// Reads a body, of which at most `limit` bytes may come out.
    pub(crate) fn read(&self, body: &[u8], limit: usize, items: otlp::Items) -> Result<Content, Refusal> {
        if !self.gzip {
            return self.read_plain(body, items);
        }
        let inflated = inflate(Coding::Gzip, body, limit).map_err(malformed)?;
        if !inflated.whole {
            return Err(malformed("its gzip is damaged"));
        }
        self.read_plain(&inflated.bytes, items)
    }

    fn read_plain(&self, body: &[u8], items: otlp::Items) -> Result<Content, Refusal> {
        let counted = if self.json {
            items.count_json(body).map_err(malformed)
        } else {
            items.count_protobuf(body).map_err(malformed)
        };
        Ok(Content { items: counted?, bytes: body.len() })
    }

    /// The caller's headers, with those that say what the body is replaced: Loki compares them letter by letter.
    pub(crate) fn described(&self, caller: &HeaderMap) -> HeaderMap {
        let mut headers = caller.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind()));
        headers.remove(CONTENT_ENCODING);
        headers.extend(self.gzip.then_some((CONTENT_ENCODING, HeaderValue::from_static("gzip"))));
        headers
    }

    /// The media type.
    pub(crate) const fn kind(&self) -> &'static str {
        if self.json { "application/json" } else { "application/x-protobuf" }
    }
}

fn malformed(error: impl Display) -> Refusal {
    Refusal::Malformed(format!("the body is no OTLP request: {error}").into())
}
