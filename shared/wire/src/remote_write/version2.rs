//! Remote write 2.0: names and values stand once, as symbols, and labels refer to them.

use super::{
    Exemplar, Judge, Judged,
    labels::HELD,
    sample,
    walker::{Part, Version, Walker},
};
use crate::protobuf::{
    ProtobufError, Reader, Tag, low,
    place::{Fields, Message},
};

/// The most symbols that are held. The largest body could bring sixteen million empty ones, and their places would
/// not fit into the memory of a component.
const SYMBOLS: usize = 1 << 20;

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
    let (symbols, others) = symbols(request)?;
    let version = Version2(&symbols);
    let mut walker = Walker::new(judge);
    let mut before = Vec::new();
    let mut fields = Fields::new(request, 0);
    fields.go_to(others);
    while let Some(tag) = fields.tag()? {
        match tag.number() {
            5 => walker.read_series(&fields.message(tag)?, &version, &mut before)?,
            _ => fields.reader.skip(tag)?,
        }
    }
    Ok(walker.judged)
}

/// The symbols, wherever they stand, and the request from the first other field on.
fn symbols(request: &[u8]) -> Result<(Vec<&[u8]>, &[u8]), ProtobufError> {
    let (mut symbols, mut others): (Vec<&[u8]>, _) = (Vec::new(), None);
    let (mut reader, mut here) = (Reader::new(request), request);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 | 3 => return Err(ProtobufError::WrongMessage),
            4 if symbols.len() >= SYMBOLS => return Err(ProtobufError::TooManySymbols),
            4 => symbols.push(reader.bytes(tag)?),
            _ => {
                others.get_or_insert(here);
                reader.skip(tag)?;
            }
        }
        here = reader.rest();
    }
    match symbols.first() {
        Some(first) if !first.is_empty() => Err(ProtobufError::FirstSymbol),
        _ => Ok((symbols, others.unwrap_or_default())),
    }
}

type Pair = (u32, u32);

impl<'a, J: Judge> Walker<'_, 'a, J, Pair> {
    /// Reads a series. `before` holds the references of the one before it.
    fn read_series(
        &mut self,
        message: &Message<'a>,
        version: &Version2<'_, 'a>,
        before: &mut Vec<Pair>,
    ) -> Result<(), ProtobufError> {
        self.labels.begin();
        if let Some((references, millis, rest)) = usual_series(message.bytes)
            && version.is_metadata(rest)?
        {
            self.read_list(references, version, before)?;
            before.truncate(self.labels.read());
            self.single(message, millis);
            return Ok(());
        }
        self.read_lists(message.bytes, version, before)?;
        before.truncate(self.labels.read());
        self.series(message, message.fields(), version)
    }

    /// Reads references that stand in one list, as everybody writes them.
    fn read_list(
        &mut self,
        references: &[u8],
        version: &Version2<'_, 'a>,
        before: &mut Vec<Pair>,
    ) -> Result<(), ProtobufError> {
        let mut reader = Reader::new(references);
        while !reader.is_empty() {
            let name = low(reader.varint()?);
            if reader.is_empty() {
                return Err(ProtobufError::OddReferences);
            }
            self.read_pair((name, low(reader.varint()?)), version, before)?;
        }
        Ok(())
    }

    /// Reads references wherever they stand among the fields of a series.
    fn read_lists(
        &mut self,
        series: &[u8],
        version: &Version2<'_, 'a>,
        before: &mut Vec<Pair>,
    ) -> Result<(), ProtobufError> {
        let mut pairs = Pairs::default();
        let mut reader = Reader::new(series);
        while let Some(tag) = reader.tag()? {
            if tag.number() != 1 {
                reader.skip(tag)?;
                continue;
            }
            references(&mut reader, tag, |reference| match pairs.push(reference) {
                Some(pair) => self.read_pair(pair, version, before),
                None => Ok(()),
            })?;
        }
        pairs.end()
    }

    #[inline(always)]
    fn read_pair(
        &mut self,
        references: Pair,
        version: &Version2<'_, 'a>,
        before: &mut Vec<Pair>,
    ) -> Result<(), ProtobufError> {
        if before.get(self.labels.read()) == Some(&references) {
            self.labels.repeat(1);
            return Ok(());
        }
        self.read_other_pair(references, version, before)
    }

    /// Reads a pair of references that did not stand in this place of the series before.
    fn read_other_pair(
        &mut self,
        references: Pair,
        version: &Version2<'_, 'a>,
        before: &mut Vec<Pair>,
    ) -> Result<(), ProtobufError> {
        let place = self.labels.read();
        if let Some(known) = before.get_mut(place) {
            *known = references;
        } else if place < HELD {
            before.push(references);
        }
        self.labels.take(references, self.judge, || pair(references, version.0))
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

/// A label's name and value, from references to them.
fn pair<'a>((name, value): (u32, u32), symbols: &[&'a [u8]]) -> Result<(&'a [u8], &'a [u8]), ProtobufError> {
    Ok((symbol(symbols, name)?, symbol(symbols, value)?))
}

/// The parts of a series in this version, which refer to these symbols.
struct Version2<'s, 'a>(&'s [&'a [u8]]);

impl Version2<'_, '_> {
    /// Whether the rest of a series is metadata, or nothing.
    #[inline]
    fn is_metadata(&self, rest: &[u8]) -> Result<bool, ProtobufError> {
        let mut reader = Reader::new(rest);
        match reader.tag()? {
            None => Ok(true),
            Some(tag) if tag.number() == 5 => {
                metadata(reader.bytes(tag)?, self.0)?;
                Ok(reader.is_empty())
            }
            Some(_) => Ok(false),
        }
    }
}

impl Version for Version2<'_, '_> {
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
        exemplar(message, self.0)
    }

    fn metadata(&self, message: &[u8]) -> Result<(), ProtobufError> {
        metadata(message, self.0)
    }
}

/// Puts references together to names and values.
#[derive(Default)]
struct Pairs(Option<u32>);

impl Pairs {
    const fn push(&mut self, reference: u32) -> Option<(u32, u32)> {
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

fn symbol<'a>(symbols: &[&'a [u8]], reference: u32) -> Result<&'a [u8], ProtobufError> {
    let index = usize::try_from(reference).unwrap_or(usize::MAX);
    symbols.get(index).copied().ok_or(ProtobufError::UnknownSymbol)
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

fn exemplar(message: &[u8], symbols: &[&[u8]]) -> Result<Exemplar, ProtobufError> {
    let (mut exemplar, mut pairs) = (Exemplar::default(), Pairs::default());
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => references(&mut reader, tag, |reference| {
                if let Some((name, value)) = pairs.push(reference) {
                    exemplar.label(symbol(symbols, name)?, symbol(symbols, value)?);
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
fn metadata(message: &[u8], symbols: &[&[u8]]) -> Result<(), ProtobufError> {
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
    [help, unit].into_iter().filter(|reference| *reference != 0).try_for_each(|told| symbol(symbols, told).map(drop))
}
