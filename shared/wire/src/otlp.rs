//! OpenTelemetry's export requests: are they well formed, and how much do they hold?
//!
//! A message is described by a [`Schema`]; the walk follows it to its leaves. Values nest, within a bound.

use crate::protobuf::{ProtobufError, Reader, Value};

/// How deeply messages may nest: six of the envelope, the rest for values within values.
const DEPTH: usize = 64;

/// A message's fields by number; those that are not listed are skipped, as every decoder does.
#[derive(Debug)]
struct Schema {
    fields: &'static [(u32, Kind)],
    /// Whether such messages are what is counted.
    counted: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Varint,
    Fixed64,
    Fixed32,
    /// A string or bytes.
    Bytes,
    Message(&'static Schema),
}

const fn plain(fields: &'static [(u32, Kind)]) -> Schema {
    Schema { fields, counted: false }
}

use Kind::{Bytes, Fixed32, Fixed64, Message, Varint};

/// From opentelemetry-proto, `common/v1` and `resource/v1`:
///
/// ```proto
/// message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
///                    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
/// message ArrayValue { repeated AnyValue values = 1; }     message KeyValueList { repeated KeyValue values = 1; }
/// message KeyValue { string key = 1; AnyValue value = 2; }
/// message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped = 4; }
/// message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
/// ```
static ANY_VALUE: Schema = plain(&[
    (1, Bytes),
    (2, Varint),
    (3, Varint),
    (4, Fixed64),
    (5, Message(&ARRAY)),
    (6, Message(&PAIRS)),
    (7, Bytes),
]);
static ARRAY: Schema = plain(&[(1, Message(&ANY_VALUE))]);
static PAIRS: Schema = plain(&[(1, Message(&PAIR))]);
static PAIR: Schema = plain(&[(1, Bytes), (2, Message(&ANY_VALUE))]);
static SCOPE: Schema = plain(&[(1, Bytes), (2, Bytes), (3, Message(&PAIR)), (4, Varint)]);
static RESOURCE: Schema = plain(&[(1, Message(&PAIR)), (2, Varint)]);

/// From `collector/logs/v1` and `logs/v1`:
///
/// ```proto
/// message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
/// message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
/// message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
/// message LogRecord { fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; SeverityNumber severity_number = 2;
///                     string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6; uint32 dropped = 7;
///                     fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; string event_name = 12; }
/// ```
static LOGS: Schema = plain(&[(1, Message(&RESOURCE_LOGS))]);
static RESOURCE_LOGS: Schema = plain(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_LOGS)), (3, Bytes)]);
static SCOPE_LOGS: Schema = plain(&[(1, Message(&SCOPE)), (2, Message(&LOG_RECORD)), (3, Bytes)]);
static LOG_RECORD: Schema = Schema {
    fields: &[
        (1, Fixed64),
        (2, Varint),
        (3, Bytes),
        (5, Message(&ANY_VALUE)),
        (6, Message(&PAIR)),
        (7, Varint),
        (8, Fixed32),
        (9, Bytes),
        (10, Bytes),
        (11, Fixed64),
        (12, Bytes),
    ],
    counted: true,
};

/// Checks that these bytes are a request of logs, and counts its records.
pub fn logs(request: &[u8]) -> Result<usize, ProtobufError> {
    walk(request, &LOGS, DEPTH)
}

fn walk(message: &[u8], schema: &Schema, depth: usize) -> Result<usize, ProtobufError> {
    let depth = depth.checked_sub(1).ok_or(ProtobufError::Depth)?;
    let mut counted = usize::from(schema.counted);
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        let kind = schema.fields.iter().find_map(|(known, kind)| (*known == number).then_some(*kind));
        match (kind, value) {
            (None, _)
            | (Some(Varint), Value::Varint(_))
            | (Some(Fixed64), Value::Fixed64(_))
            | (Some(Fixed32), Value::Fixed32(_))
            | (Some(Bytes), Value::Bytes(_)) => {}
            (Some(Message(inner)), Value::Bytes(bytes)) => {
                counted = counted.saturating_add(walk(bytes, inner, depth)?);
            }
            (Some(_), _) => return Err(ProtobufError::WireType),
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests;
