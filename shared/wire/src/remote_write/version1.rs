//! Remote write 1.0.

use super::{
    Contents, Exemplar, Judge, Judged, Metadata,
    block::Block,
    labels::{Label, Memo},
    sample,
    walker::{Part, Version, Walker},
};
use crate::protobuf::{
    ProtobufError, Reader,
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
    let mut known = Known { before: Block::default(), memo: Memo::new() };
    let mut fields = Fields::new(request, 0);
    while let Some(tag) = fields.tag()? {
        match tag.number() {
            1 => walker.read_series(&fields.message(tag)?, &mut known)?,
            3 => walker.metadata(&fields.message(tag)?)?,
            4 | 5 => return Err(ProtobufError::WrongMessage),
            _ => fields.reader.skip(tag)?,
        }
    }
    Ok(walker.judged)
}

/// Labels that are known by their bytes: those of the series before in their places, others wherever they stand.
struct Known<'a> {
    before: Block<'a>,
    memo: Memo<'a>,
}

impl<'a, J: Judge> Walker<'_, 'a, J> {
    fn read_series(&mut self, message: &Message<'a>, known: &mut Known<'a>) -> Result<(), ProtobufError> {
        let rest = self.read_labels(message.bytes, known)?;
        if let Some((millis, [])) = sample::next(rest) {
            self.single(message, millis);
            return Ok(());
        }
        self.read_strays(rest, known)?;
        let mut fields = message.fields();
        fields.go_to(rest);
        self.series(message, fields, &Version1)
    }

    /// Reads the labels that a series begins with, and returns the rest of it.
    fn read_labels(&mut self, series: &'a [u8], known: &mut Known<'a>) -> Result<&'a [u8], ProtobufError> {
        self.labels.begin();
        known.before.begin();
        let mut rest = series;
        loop {
            let (labels, bytes) = known.before.repeated(self.labels.read(), rest);
            self.labels.repeat(labels);
            rest = rest.get(bytes..).unwrap_or_default();
            let mut reader = Reader::new(rest);
            match reader.tag()? {
                Some(tag) if tag.number() == 1 => {
                    let label = reader.bytes(tag)?;
                    let raw = reader.since(rest);
                    known.before.replace(self.labels.read(), raw.len());
                    self.read_label(raw, label, &mut known.memo)?;
                }
                _ => break,
            }
            rest = reader.rest();
        }
        known.before.end(Reader::new(rest).since(series));
        Ok(rest)
    }

    /// Reads labels behind other fields: nobody writes them there, but anybody may.
    fn read_strays(&mut self, rest: &'a [u8], known: &mut Known<'a>) -> Result<(), ProtobufError> {
        let (mut reader, mut here) = (Reader::new(rest), rest);
        while let Some(tag) = reader.tag()? {
            if tag.number() == 1 {
                let label = reader.bytes(tag)?;
                self.read_label(reader.since(here), label, &mut known.memo)?;
            } else {
                reader.skip(tag)?;
            }
            here = reader.rest();
        }
        Ok(())
    }

    /// Reads a label: all the bytes of its field, and its content.
    #[inline(always)]
    fn read_label(&mut self, raw: &'a [u8], label: &'a [u8], memo: &mut Memo<'a>) -> Result<(), ProtobufError> {
        let label = memo.label(raw, || {
            let (name, value) = pair(label)?;
            let seen = self.labels.seen(name, value, self.judge);
            Ok(Label { name: self.labels.known(name), value, seen })
        })?;
        self.labels.take(label);
        Ok(())
    }

    fn metadata(&mut self, message: &Message<'a>) -> Result<(), ProtobufError> {
        let mut metadata = Metadata::default();
        let mut reader = Reader::new(message.bytes);
        while let Some(tag) = reader.tag()? {
            match tag.number() {
                1 => drop(reader.number(tag)?),
                2 => metadata.name = reader.bytes(tag)?,
                4 => drop(reader.bytes(tag)?),
                5 => metadata.unit = reader.bytes(tag)?,
                _ => reader.skip(tag)?,
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

const METADATA: Contents = Contents { metadata: 1, ..Contents::NONE };

/// The parts of a series in this version.
struct Version1;

impl Version for Version1 {
    fn part(number: u32) -> Part {
        match number {
            2 => Part::Sample,
            3 => Part::Exemplar,
            4 => Part::Histogram,
            _ => Part::Other,
        }
    }

    fn exemplar(&self, message: &[u8]) -> Result<Exemplar, ProtobufError> {
        exemplar(message)
    }

    fn metadata(&self, _: &[u8]) -> Result<(), ProtobufError> {
        Ok(())
    }
}

/// A label's name and value.
fn pair(message: &[u8]) -> Result<(&[u8], &[u8]), ProtobufError> {
    usual_pair(message).map_or_else(|| any_pair(message), Ok)
}

/// A name and a value as everybody writes them: one behind the other, and short.
#[inline]
fn usual_pair(message: &[u8]) -> Option<(&[u8], &[u8])> {
    const NAME: u8 = 1 << 3 | 2;
    const VALUE: u8 = 2 << 3 | 2;
    let [NAME, length @ ..0x80, rest @ ..] = message else { return None };
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let [VALUE, length @ ..0x80, value @ ..] = rest else { return None };
    (usize::from(*length) == value.len()).then_some((name, value))
}

fn any_pair(message: &[u8]) -> Result<(&[u8], &[u8]), ProtobufError> {
    let (mut name, mut value) = (&b""[..], &b""[..]);
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => name = reader.bytes(tag)?,
            2 => value = reader.bytes(tag)?,
            _ => reader.skip(tag)?,
        }
    }
    Ok((name, value))
}

fn exemplar(message: &[u8]) -> Result<Exemplar, ProtobufError> {
    let mut exemplar = Exemplar::default();
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => {
                let (name, value) = pair(reader.bytes(tag)?)?;
                exemplar.label(name, value);
            }
            2 => drop(reader.double(tag)?),
            3 => exemplar.millis = reader.number(tag)?.cast_signed(),
            _ => reader.skip(tag)?,
        }
    }
    Ok(exemplar)
}
