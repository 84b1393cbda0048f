//! Writing remote write 1.0: the few series that the gateway has to tell of itself.

use crate::protobuf::put_varint;

/// A series to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<'s> {
    /// The metric.
    pub name: &'s str,
    /// Its other labels.
    pub labels: Vec<(&'s str, &'s str)>,
    /// Times in milliseconds since 1970, and values.
    pub samples: Vec<(i64, u64)>,
}

/// A request that holds these series.
///
/// ```proto
/// message WriteRequest { repeated TimeSeries timeseries = 1; }
/// message TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
/// message Label        { string name = 1; string value = 2; }
/// message Sample       { double value = 1; int64 timestamp = 2; }
/// ```
pub fn encode<'s>(series: impl IntoIterator<Item = Series<'s>>) -> Vec<u8> {
    series.into_iter().flat_map(|series| field(1, &one(&series))).collect()
}

fn one(series: &Series<'_>) -> Vec<u8> {
    let mut labels = series.labels.clone();
    labels.push(("__name__", series.name));
    labels.sort_unstable();
    let label = |(name, value): &(&str, &str)| [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
    let labels = labels.iter().flat_map(|pair| field(1, &label(pair)));
    labels.chain(series.samples.iter().flat_map(|(millis, value)| field(2, &sample(*millis, *value)))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "samples are no finer")]
fn sample(millis: i64, value: u64) -> Vec<u8> {
    [&b"\x09"[..], &(value as f64).to_le_bytes(), b"\x10", &varint(millis.cast_unsigned())].concat()
}

/// A length-delimited field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = varint(u64::try_from(content.len()).unwrap_or(u64::MAX));
    [&[number << 3 | 2][..], &length, content].concat()
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10);
    put_varint(value, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checks::Limits,
        identity::Open,
        remote_write::{
            Validator,
            reference::types::{Label, Sample, WriteRequest},
            version1,
        },
    };
    use prost::Message;

    #[test]
    fn what_is_written_can_be_read_and_passes_every_check() {
        let samples = vec![(1_700_000_000_000, 5), (1_700_000_060_000, 1 << 40)];
        let series = Series { name: "up", labels: vec![("signal", "logs"), ("Z", "é")], samples };
        let bytes = encode([series.clone(), Series { name: "down", ..series }]);
        let limits = Limits::default();
        let judged = version1::walk(&bytes, &mut Validator::new(&limits, 1_700_000_000_000, &mut Open)).unwrap();
        assert_eq!((judged.kept.series, judged.kept.samples, judged.patch.is_empty()), (2, 4, true));
        let request = WriteRequest::decode(&*bytes).unwrap();
        let label = |name: &str, value: &str| Label { name: name.into(), value: value.into() };
        assert_eq!(request.timeseries[0].labels, [label("Z", "é"), label("__name__", "up"), label("signal", "logs")]);
        let sample = Sample { value: 1_099_511_627_776.0, timestamp: 1_700_000_060_000 };
        assert_eq!(request.timeseries[1].samples[1], sample);
    }
}
