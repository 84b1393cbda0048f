//! Prometheus remote write 1.0: is this a well-formed `prometheus.WriteRequest`?
//!
//! The walk follows the schema to its leaves, so that what passes here cannot fail to parse in the backend.

use crate::protobuf::{ProtobufError, Reader, Value};

/// What a well-formed request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Time series.
    pub series: usize,
    /// Float samples.
    pub samples: usize,
    /// Native histograms.
    pub histograms: usize,
    /// Exemplars.
    pub exemplars: usize,
    /// Metadata entries.
    pub metadata: usize,
}

/// What a field of a message holds. A field that is not listed is skipped, as every decoder does.
#[derive(Clone, Copy)]
enum Kind {
    Varint,
    Double,
    Text,
    PackedVarints,
    PackedDoubles,
    Message(Shape),
    /// A field of another protocol version: the sender's headers and body disagree.
    Foreign,
}

/// A message's name; [`Shape::kind`] is its schema.
#[derive(Clone, Copy)]
enum Shape {
    WriteRequest,
    TimeSeries,
    Label,
    Sample,
    Exemplar,
    Histogram,
    BucketSpan,
    Metadata,
}

impl Shape {
    /// The schema, from prometheus/prometheus `prompb/{remote,types}.proto`:
    ///
    /// ```proto
    /// message WriteRequest   { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
    /// message TimeSeries     { repeated Label labels = 1; repeated Sample samples = 2;
    ///                          repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
    /// message Label          { string name = 1; string value = 2; }
    /// message Sample         { double value = 1; int64 timestamp = 2; }
    /// message Exemplar       { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
    /// message MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
    /// message BucketSpan     { sint32 offset = 1; uint32 length = 2; }
    /// message Histogram      { oneof count { uint64 count_int = 1; double count_float = 2; } double sum = 3;
    ///                          sint32 schema = 4; double zero_threshold = 5;
    ///                          oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
    ///                          repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9;
    ///                          repeated double negative_counts = 10; repeated BucketSpan positive_spans = 11;
    ///                          repeated sint64 positive_deltas = 12; repeated double positive_counts = 13;
    ///                          ResetHint reset_hint = 14; int64 timestamp = 15; repeated double custom_values = 16; }
    /// ```
    ///
    /// Fields 4 and 5 of a request are the symbols and series of version 2.0, which Prometheus would drop unseen.
    const fn kind(self, field: u32) -> Option<Kind> {
        Some(match (self, field) {
            (Self::WriteRequest, 1) => Kind::Message(Self::TimeSeries),
            (Self::WriteRequest, 3) => Kind::Message(Self::Metadata),
            (Self::WriteRequest, 4 | 5) => Kind::Foreign,
            (Self::TimeSeries | Self::Exemplar, 1) => Kind::Message(Self::Label),
            (Self::TimeSeries, 2) => Kind::Message(Self::Sample),
            (Self::TimeSeries, 3) => Kind::Message(Self::Exemplar),
            (Self::TimeSeries, 4) => Kind::Message(Self::Histogram),
            (Self::Label, 1 | 2) | (Self::Metadata, 2 | 4 | 5) => Kind::Text,
            (Self::Sample, 1) | (Self::Exemplar, 2) | (Self::Histogram, 2 | 3 | 5 | 7) => Kind::Double,
            (Self::Sample, 2) | (Self::Exemplar, 3) | (Self::BucketSpan, 1 | 2) | (Self::Metadata, 1) => Kind::Varint,
            (Self::Histogram, 1 | 4 | 6 | 14 | 15) => Kind::Varint,
            (Self::Histogram, 8 | 11) => Kind::Message(Self::BucketSpan),
            (Self::Histogram, 9 | 12) => Kind::PackedVarints,
            (Self::Histogram, 10 | 13 | 16) => Kind::PackedDoubles,
            _ => return None,
        })
    }
}

impl Contents {
    const fn count(&mut self, shape: Shape) {
        let counter = match shape {
            Shape::TimeSeries => &mut self.series,
            Shape::Sample => &mut self.samples,
            Shape::Histogram => &mut self.histograms,
            Shape::Exemplar => &mut self.exemplars,
            Shape::Metadata => &mut self.metadata,
            Shape::WriteRequest | Shape::Label | Shape::BucketSpan => return,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Checks that these inflated bytes are a request of version 1.0, and counts what it holds.
///
/// An empty request is well formed, and so is one that holds nothing but metadata.
pub fn check(request: &[u8]) -> Result<Contents, ProtobufError> {
    let mut contents = Contents::default();
    walk(request, Shape::WriteRequest, &mut contents)?;
    Ok(contents)
}

/// Recursion is bounded by the schema: a request, a series, a histogram, a span.
fn walk(message: &[u8], shape: Shape, contents: &mut Contents) -> Result<(), ProtobufError> {
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match (shape.kind(number), value) {
            (None, _) | (Some(Kind::Varint | Kind::PackedVarints), Value::Varint(_)) => {}
            (Some(Kind::Text), Value::Bytes(_)) | (Some(Kind::Double | Kind::PackedDoubles), Value::Fixed64(_)) => {}
            (Some(Kind::PackedVarints), Value::Bytes(packed)) => varints(packed)?,
            (Some(Kind::PackedDoubles), Value::Bytes(packed)) if packed.len().is_multiple_of(8) => {}
            (Some(Kind::PackedDoubles), Value::Bytes(_)) => return Err(ProtobufError::Truncated),
            (Some(Kind::Message(inner)), Value::Bytes(bytes)) => {
                contents.count(inner);
                walk(bytes, inner, contents)?;
            }
            (Some(Kind::Foreign), _) => return Err(ProtobufError::WrongMessage),
            (Some(_), _) => return Err(ProtobufError::WireType),
        }
    }
    Ok(())
}

fn varints(packed: &[u8]) -> Result<(), ProtobufError> {
    let mut reader = Reader::new(packed);
    while !reader.is_empty() {
        reader.varint()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
