//! Bodies as their senders compressed them.

use flate2::read::{DeflateDecoder, GzDecoder};
use http::HeaderMap;
use std::io::Read;

/// The most bytes a body may inflate to.
const LIMIT: u64 = 64 << 20;

/// What a body holds, uncompressed.
pub(crate) fn inflate(headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, String> {
    let encoding = headers.get("content-encoding").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut inflated = Vec::new();
    let read = match encoding {
        "" | "snappy" => return Ok(body.to_vec()),
        "gzip" => GzDecoder::new(body).take(LIMIT).read_to_end(&mut inflated),
        "deflate" => DeflateDecoder::new(body).take(LIMIT).read_to_end(&mut inflated),
        other => return Err(format!("Content-Encoding \"{other}\" not supported")),
    };
    read.map(|_| inflated).map_err(|error| error.to_string())
}
