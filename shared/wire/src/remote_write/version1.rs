//! Remote write 1.0.

use super::{
    Contents, Exemplar, Histogram, Judge, Judged, Metadata,
    labels::{Label, Raw},
    walker::{Part, Walker, sample},
};
use crate::protobuf::{
    ProtobufError, Reader, Value,
    place::{Fields, Message},
};

/// Walks an inflated request to its leaves and lets `judge` decide on everything in it.
///
/// ```proto
/// message WriteRequest   { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
/// message TimeSeries     { repeated Label labels = 1; repeated Sample samples = 2;
///                          repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
/// message Label          { string name = 1; string value = 2; }
/// message Sample         { double value = 1; int64 timestamp = 2; }
/// message Exemplar       { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
/// message MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
/// ```
///
/// Fields 4 and 5 of a request are the symbols and series of version 2, which Prometheus would drop unseen.
pub fn walk(request: &[u8], judge: &mut impl Judge) -> Result<Judged, ProtobufError> {
    let mut walker = Walker::new(judge);
    let mut fields = Fields::new(request, 0);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => {
                let message = field.message()?;
                let rest = walker.read_labels(&message)?;
                walker.series(&message, rest, part)?;
            }
            3 => walker.metadata(&field.message()?)?,
            4 | 5 => return Err(ProtobufError::WrongMessage),
            _ => {}
        }
    }
    Ok(walker.judged)
}

impl<'a, J: Judge> Walker<'_, 'a, J, Raw<'a>> {
    /// Reads all labels, wherever they stand, and returns the fields from the first other one on.
    fn read_labels(&mut self, message: &Message<'a>) -> Result<Fields<'a>, ProtobufError> {
        self.labels.begin();
        let (mut fields, mut others) = (message.fields(), None);
        loop {
            self.labels.skip(&mut fields);
            let here = fields.clone();
            let Some(field) = fields.next()? else { return Ok(others.unwrap_or(here)) };
            if field.number == 1 {
                let bytes = field.value.bytes()?;
                self.labels.push(Raw(field.bytes()), || {
                    let (name, value) = label(bytes)?;
                    Ok(Label { name, value, seen: self.judge.label(name, value) })
                })?;
            } else {
                others.get_or_insert(here);
            }
        }
    }

    fn metadata(&mut self, message: &Message<'a>) -> Result<(), ProtobufError> {
        let mut metadata = Metadata::default();
        let mut reader = Reader::new(message.bytes);
        while let Some((number, value)) = reader.field()? {
            match number {
                1 => drop(value.varint()?),
                2 => metadata.name = value.bytes()?,
                4 => drop(value.bytes()?),
                5 => metadata.unit = value.bytes()?,
                _ => {}
            }
        }
        self.judged.sent.add(METADATA);
        if self.judge.metadata(&metadata) {
            self.judged.kept.add(METADATA);
        } else {
            self.judged.patch.cut(message.whole.clone());
        }
        Ok(())
    }
}

const METADATA: Contents = Contents { series: 0, samples: 0, histograms: 0, exemplars: 0, metadata: 1 };

fn part(number: u32, value: Value<'_>) -> Result<Option<Part>, ProtobufError> {
    Ok(Some(match number {
        2 => sample(value.bytes()?)?,
        3 => Part::Exemplar(exemplar(value.bytes()?)?),
        4 => Part::Histogram(Histogram::read(value.bytes()?)?),
        _ => return Ok(None),
    }))
}

/// A label's name and value.
fn label(message: &[u8]) -> Result<(&[u8], &[u8]), ProtobufError> {
    let (mut name, mut text) = (&b""[..], &b""[..]);
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => name = value.bytes()?,
            2 => text = value.bytes()?,
            _ => {}
        }
    }
    Ok((name, text))
}

fn exemplar(message: &[u8]) -> Result<Exemplar, ProtobufError> {
    let mut exemplar = Exemplar::default();
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => {
                let (name, value) = label(value.bytes()?)?;
                exemplar.label(name, value);
            }
            2 => drop(value.double()?),
            3 => exemplar.millis = value.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok(exemplar)
}
