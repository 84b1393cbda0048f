//! Loki's push as protobuf, walked without building anything from it.

use super::{Entry, Judge, Judged, LEVEL, Stream, labels};
use crate::protobuf::{
    ProtobufError, Reader, low,
    place::{Fields, Message},
};
use std::ops::Range;

/// The seconds of year 1 and of year 10000: what Loki takes for a time at all.
const SECONDS: Range<i64> = -62_135_596_800..253_402_300_800;

const NANOS: Range<i64> = 0..1_000_000_000;

/// Walks an inflated request to its leaves and lets `judge` decide on everything in it.
///
/// ```proto
/// message PushRequest { repeated Stream streams = 1; string format = 2; }
/// message Stream      { string labels = 1; repeated Entry entries = 2; uint64 hash = 3; }
/// message Entry       { google.protobuf.Timestamp timestamp = 1; string line = 2;
///                       repeated LabelPair structuredMetadata = 3; repeated LabelPair parsed = 4; }
/// message LabelPair   { string name = 1; string value = 2; }
/// message Timestamp   { int64 seconds = 1; int32 nanos = 2; }
/// ```
pub fn walk(request: &[u8], judge: &mut impl Judge) -> Result<Judged, ProtobufError> {
    let mut walker = Walker { judge, labels: Vec::new(), judged: Judged::default() };
    let mut fields = Fields::new(request, 0);
    while let Some(tag) = fields.tag()? {
        match tag.number() {
            1 => walker.stream(fields.message(tag)?)?,
            2 => drop(fields.reader.bytes(tag)?),
            _ => fields.reader.skip(tag)?,
        }
    }
    Ok(walker.judged)
}

struct Walker<'w, 'a, J> {
    judge: &'w mut J,
    /// The labels of the stream at hand; kept for its memory.
    labels: Vec<labels::Label<'a>>,
    judged: Judged,
}

impl<'a, J: Judge> Walker<'_, 'a, J> {
    fn stream(&mut self, message: Message<'a>) -> Result<(), ProtobufError> {
        let (text, entries) = outline(message.bytes)?;
        let parsed = labels::parse(text, self.judge.longest_labels(), &mut self.labels);
        let stream = Stream { text, labels: parsed.map(|()| self.labels.as_slice()), entries };
        let mut keep = self.judge.stream(&stream);
        let before = self.judged.patch.mark();
        let kept = self.entries(&message, keep)?;
        keep &= kept > 0 || entries == 0;
        self.judged.streams = self.judged.streams.saturating_add(1);
        self.judged.kept = self.judged.kept.saturating_add(usize::from(keep));
        if keep {
            self.judged.patch.resize(before, message.prefix, message.bytes.len());
        } else {
            self.judged.patch.back_to(before);
            self.judged.patch.cut(message.whole);
        }
        Ok(())
    }

    /// Walks the entries, and returns how many are kept.
    fn entries(&mut self, message: &Message<'a>, keep: bool) -> Result<usize, ProtobufError> {
        let start = self.judged.patch.mark();
        let mut fields = message.fields();
        let mut kept = 0_usize;
        while let Some(tag) = fields.tag()? {
            if tag.number() != 2 {
                fields.reader.skip(tag)?;
                continue;
            }
            let entry = entry(fields.reader.bytes(tag)?)?;
            if keep && self.judge.entry(&entry) {
                kept = kept.saturating_add(1);
            } else {
                self.judged.patch.cut_since(start, fields.whole());
            }
        }
        Ok(kept)
    }
}

/// A stream's labels, of which the last count, and how many entries it has.
fn outline(message: &[u8]) -> Result<(&[u8], usize), ProtobufError> {
    let (mut labels, mut entries) = (&b""[..], 0_usize);
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => labels = reader.bytes(tag)?,
            2 => {
                reader.bytes(tag)?;
                entries = entries.saturating_add(1);
            }
            3 => drop(reader.number(tag)?),
            _ => reader.skip(tag)?,
        }
    }
    Ok((labels, entries))
}

fn entry(message: &[u8]) -> Result<Entry, ProtobufError> {
    let mut entry = Entry::EMPTY;
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => entry.nanos = time(reader.bytes(tag)?)?,
            2 => entry.line = reader.bytes(tag)?.len(),
            3 => {
                let (is_level, bytes) = pair(reader.bytes(tag)?)?;
                entry.add_metadata(is_level, bytes);
            }
            4 => drop(pair(reader.bytes(tag)?)?),
            _ => reader.skip(tag)?,
        }
    }
    Ok(entry)
}

/// Nanoseconds since 1970.
fn time(message: &[u8]) -> Result<i64, ProtobufError> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => seconds = reader.number(tag)?.cast_signed(),
            2 => nanos = i64::from(low(reader.number(tag)?).cast_signed()),
            _ => reader.skip(tag)?,
        }
    }
    if !SECONDS.contains(&seconds) || !NANOS.contains(&nanos) {
        return Err(ProtobufError::Time);
    }
    let exact = i128::from(seconds).saturating_mul(i128::from(NANOS.end)).saturating_add(i128::from(nanos));
    Ok(i64::try_from(exact).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX }))
}

/// Whether a pair is the level, and how long its name and value are.
fn pair(message: &[u8]) -> Result<(bool, usize), ProtobufError> {
    let (mut name, mut value) = (&b""[..], &b""[..]);
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => name = reader.bytes(tag)?,
            2 => value = reader.bytes(tag)?,
            _ => reader.skip(tag)?,
        }
    }
    Ok((name == LEVEL, name.len().saturating_add(value.len())))
}

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
