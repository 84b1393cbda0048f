//! Remote write 2.0: names and values stand once, as symbols, and labels refer to them.

use super::{
    Exemplar, Judge, Judged,
    labels::{HELD, Label},
    sample,
    symbols::{Pair, Symbols},
    walker::{Part, Version, Walker},
};
use crate::protobuf::{
    ProtobufError, Reader, Tag, low,
    place::{Fields, Message},
};
use std::mem;

/// Walks an inflated request to its leaves and lets `judge` decide on everything in it.
///
/// ```proto
/// message Request    { reserved 1 to 3; repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
/// message TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3;
///                      repeated Exemplar exemplars = 4; Metadata metadata = 5; }
/// message Exemplar   { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
/// message Sample     { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
/// message Metadata   { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
/// ```
///
/// A reference that leads nowhere makes the whole request malformed: nobody can tell what it was meant to say.
pub fn walk(request: &[u8], judge: &mut impl Judge) -> Result<Judged, ProtobufError> {
    let (symbols, others) = Symbols::read(request)?;
    let mut version = Version2 { symbols, before: Vec::new() };
    let mut walker = Walker::new(judge);
    let mut fields = Fields::new(request, 0);
    fields.go_to(others);
    while let Some(tag) = fields.tag()? {
        match tag.number() {
            5 => walker.read_referring_series(&fields.message(tag)?, &mut version)?,
            _ => fields.reader.skip(tag)?,
        }
    }
    Ok(walker.judged)
}

/// What this version refers to.
struct Version2<'a> {
    symbols: Symbols<'a>,
    /// The labels of the series before.
    before: Vec<Pair>,
}

impl<'a, J: Judge> Walker<'_, 'a, J> {
    fn read_referring_series(
        &mut self,
        message: &Message<'a>,
        version: &mut Version2<'a>,
    ) -> Result<(), ProtobufError> {
        self.labels.begin();
        if let Some((references, millis, rest)) = usual_series(message.bytes)
            && version.is_metadata(rest)?
        {
            self.read_list(references, version)?;
            version.before.truncate(self.labels.read());
            self.single(message, millis);
            return Ok(());
        }
        self.read_lists(message.bytes, version)?;
        version.before.truncate(self.labels.read());
        self.series(message, message.fields(), version)
    }

    /// Reads references that stand in one list, as everybody writes them.
    fn read_list(&mut self, references: &[u8], version: &mut Version2<'a>) -> Result<(), ProtobufError> {
        let mut rest = references;
        // How many come next that the series before had in the same places.
        let mut same = 0_usize;
        while !rest.is_empty() {
            let (pair, after) = next_pair(rest)?;
            rest = after;
            if version.before.get(self.labels.read().wrapping_add(same)) == Some(&pair) {
                same = same.wrapping_add(1);
                continue;
            }
            self.labels.repeat(mem::take(&mut same));
            self.read_pair(pair, version)?;
        }
        self.labels.repeat(same);
        Ok(())
    }

    /// Reads references wherever they stand among the fields of a series.
    fn read_lists(&mut self, series: &[u8], version: &mut Version2<'a>) -> Result<(), ProtobufError> {
        let mut pairs = Pairs::default();
        let mut reader = Reader::new(series);
        while let Some(tag) = reader.tag()? {
            if tag.number() != 1 {
                reader.skip(tag)?;
                continue;
            }
            references(&mut reader, tag, |reference| match pairs.push(reference) {
                Some(pair) => self.read_pair(pair, version),
                None => Ok(()),
            })?;
        }
        pairs.end()
    }

    fn read_pair(&mut self, pair: Pair, version: &mut Version2<'a>) -> Result<(), ProtobufError> {
        let place = self.labels.read();
        if let Some(known) = version.before.get_mut(place) {
            *known = pair;
        } else if place < HELD {
            version.before.push(pair);
        }
        let (name, value) = version.symbols.texts(pair)?;
        let seen = version.symbols.seen(pair, || self.labels.seen(name, value, self.judge));
        self.labels.take(&Label { name, value, seen });
        Ok(())
    }
}

/// The references of a series that begins as nearly all do, the time of the sample that follows them, and the rest.
#[inline]
fn usual_series(series: &[u8]) -> Option<(&[u8], i64, &[u8])> {
    const REFERENCES: u8 = 1 << 3 | 2;
    let [REFERENCES, length @ ..0x80, rest @ ..] = series else { return None };
    let (references, rest) = rest.split_at_checked(usize::from(*length))?;
    let (millis, rest) = sample::next(rest)?;
    Some((references, millis, rest))
}

/// A pair of references, and what follows it.
#[inline(always)]
fn next_pair(references: &[u8]) -> Result<(Pair, &[u8]), ProtobufError> {
    match references {
        [name @ ..0x80, value @ ..0x80, rest @ ..] => Ok(((u32::from(*name), u32::from(*value)), rest)),
        [name @ ..0x80, first, second @ ..0x80, rest @ ..] => {
            Ok(((u32::from(*name), u32::from(*first & 0x7f) | u32::from(*second) << 7), rest))
        }
        _ => any_pair(references),
    }
}

fn any_pair(references: &[u8]) -> Result<(Pair, &[u8]), ProtobufError> {
    let mut reader = Reader::new(references);
    let name = low(reader.varint()?);
    if reader.is_empty() {
        return Err(ProtobufError::OddReferences);
    }
    let value = low(reader.varint()?);
    Ok(((name, value), reader.rest()))
}

impl Version2<'_> {
    /// Whether the rest of a series is metadata, or nothing.
    #[inline]
    fn is_metadata(&self, rest: &[u8]) -> Result<bool, ProtobufError> {
        let mut reader = Reader::new(rest);
        match reader.tag()? {
            None => Ok(true),
            Some(tag) if tag.number() == 5 => {
                self.metadata(reader.bytes(tag)?)?;
                Ok(reader.is_empty())
            }
            Some(_) => Ok(false),
        }
    }
}

impl Version for Version2<'_> {
    fn part(number: u32) -> Part {
        match number {
            2 => Part::Sample,
            3 => Part::Histogram,
            4 => Part::Exemplar,
            5 => Part::Metadata,
            _ => Part::Other,
        }
    }

    fn exemplar(&self, message: &[u8]) -> Result<Exemplar, ProtobufError> {
        exemplar(message, &self.symbols)
    }

    fn metadata(&self, message: &[u8]) -> Result<(), ProtobufError> {
        metadata(message, &self.symbols)
    }
}

/// Puts references together to names and values.
#[derive(Default)]
struct Pairs(Option<u32>);

impl Pairs {
    const fn push(&mut self, reference: u32) -> Option<Pair> {
        match self.0.take() {
            Some(name) => Some((name, reference)),
            None => {
                self.0 = Some(reference);
                None
            }
        }
    }

    const fn end(&self) -> Result<(), ProtobufError> {
        match self.0 {
            Some(_) => Err(ProtobufError::OddReferences),
            None => Ok(()),
        }
    }
}

/// References: packed, or one of them.
fn references(
    reader: &mut Reader<'_>,
    tag: Tag,
    mut each: impl FnMut(u32) -> Result<(), ProtobufError>,
) -> Result<(), ProtobufError> {
    if !tag.is_delimited() {
        return each(low(reader.number(tag)?));
    }
    let mut packed = Reader::new(reader.bytes(tag)?);
    while !packed.is_empty() {
        each(low(packed.varint()?))?;
    }
    Ok(())
}

fn exemplar(message: &[u8], symbols: &Symbols<'_>) -> Result<Exemplar, ProtobufError> {
    let (mut exemplar, mut pairs) = (Exemplar::default(), Pairs::default());
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => references(&mut reader, tag, |reference| {
                if let Some((name, value)) = pairs.push(reference) {
                    exemplar.label(symbols.text(name)?, symbols.text(value)?);
                }
                Ok(())
            })?,
            2 => drop(reader.double(tag)?),
            3 => exemplar.millis = reader.number(tag)?.cast_signed(),
            _ => reader.skip(tag)?,
        }
    }
    pairs.end()?;
    Ok(exemplar)
}

/// Metadata leaves out what it does not tell, which is the first symbol as well.
fn metadata(message: &[u8], symbols: &Symbols<'_>) -> Result<(), ProtobufError> {
    let (mut help, mut unit) = (0, 0);
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => drop(reader.number(tag)?),
            3 => help = low(reader.number(tag)?),
            4 => unit = low(reader.number(tag)?),
            _ => reader.skip(tag)?,
        }
    }
    [help, unit].into_iter().filter(|reference| *reference != 0).try_for_each(|told| symbols.text(told).map(drop))
}
