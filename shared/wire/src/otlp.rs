//! OpenTelemetry's export requests: are they well formed, and how much do they hold?
//!
//! A protobuf message is described by a [`Schema`]; the walk follows it to its leaves. Values nest, within a bound.
//! Of JSON, whose readers differ in what they put up with, only the path to the items is followed.

mod json;
mod schema;

use crate::{
    json::JsonError,
    protobuf::{ProtobufError, Reader, Tag},
};
use schema::{Kind, Schema};

/// How deeply messages may nest: eight of the envelope, the rest for values within values.
const DEPTH: usize = 64;

/// What a request exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// The records of `ExportLogsServiceRequest`.
    LogRecords,
    /// The data points of `ExportMetricsServiceRequest`, whatever their kind.
    DataPoints,
}

impl Items {
    /// Checks that these bytes are a request in protobuf, and counts its items.
    pub fn count_protobuf(self, request: &[u8]) -> Result<usize, ProtobufError> {
        let schema = match self {
            Self::LogRecords => &schema::LOGS,
            Self::DataPoints => &schema::METRICS,
        };
        walk(request, schema, DEPTH)
    }

    /// Checks that this text is JSON with objects where the items are sought, and counts those.
    pub fn count_json(self, request: &[u8]) -> Result<usize, JsonError> {
        let path = match self {
            Self::LogRecords => json::LOGS,
            Self::DataPoints => json::METRICS,
        };
        json::count(request, path)
    }
}

fn walk(message: &[u8], schema: &Schema, depth: usize) -> Result<usize, ProtobufError> {
    let depth = depth.checked_sub(1).ok_or(ProtobufError::Depth)?;
    let mut counted = usize::from(schema.counted);
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match schema.fields.iter().find(|(known, _)| *known == tag.number()) {
            Some((_, kind)) => counted = counted.saturating_add(check(*kind, tag, &mut reader, depth)?),
            None => reader.skip(tag)?,
        }
    }
    Ok(counted)
}

/// A field of a known kind: how many items it holds.
fn check(kind: Kind, tag: Tag, reader: &mut Reader<'_>, depth: usize) -> Result<usize, ProtobufError> {
    match kind {
        Kind::Message(inner) => return walk(reader.bytes(tag)?, inner, depth),
        Kind::Bytes => drop(reader.bytes(tag)?),
        Kind::Varints if tag.is_delimited() => varints(reader.bytes(tag)?)?,
        Kind::Varint | Kind::Varints => drop(reader.number(tag)?),
        Kind::Doubles if tag.is_delimited() => doubles(reader.bytes(tag)?)?,
        Kind::Fixed64 | Kind::Doubles => drop(reader.double(tag)?),
        Kind::Fixed32 => drop(reader.fixed32(tag)?),
    }
    Ok(0)
}

const fn doubles(packed: &[u8]) -> Result<(), ProtobufError> {
    if packed.len().is_multiple_of(8) { Ok(()) } else { Err(ProtobufError::Truncated) }
}

fn varints(packed: &[u8]) -> Result<(), ProtobufError> {
    let mut reader = Reader::new(packed);
    while !reader.is_empty() {
        reader.varint()?;
    }
    Ok(())
}

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
