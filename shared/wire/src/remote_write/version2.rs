//! Remote write 2.0: names and values stand once, as symbols, and labels refer to them.

use super::{
    Exemplar, Histogram, Judge, Judged,
    labels::Label,
    walker::{Part, Walker, sample},
};
use crate::protobuf::{
    ProtobufError, Reader, Value, low,
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
    let symbols = symbols(request)?;
    let mut walker = Walker::new(judge);
    let mut fields = Fields::new(request, 0);
    while let Some(field) = fields.next()? {
        if field.number == 5 {
            let message = field.message()?;
            walker.read_labels(&message, &symbols)?;
            walker.series(&message, message.fields(), |number, value| part(number, value, &symbols))?;
        }
    }
    Ok(walker.judged)
}

/// The symbols, wherever they stand.
fn symbols(request: &[u8]) -> Result<Vec<&[u8]>, ProtobufError> {
    let mut symbols: Vec<&[u8]> = Vec::new();
    let mut reader = Reader::new(request);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 | 3 => return Err(ProtobufError::WrongMessage),
            4 if symbols.len() >= SYMBOLS => return Err(ProtobufError::TooManySymbols),
            4 => symbols.push(value.bytes()?),
            _ => {}
        }
    }
    match symbols.first() {
        Some(first) if !first.is_empty() => Err(ProtobufError::FirstSymbol),
        _ => Ok(symbols),
    }
}

/// Reads the pairs of references, wherever they stand among the fields of a series.
impl<'a, J: Judge> Walker<'_, 'a, J, (u32, u32)> {
    fn read_labels(&mut self, message: &Message<'a>, symbols: &[&'a [u8]]) -> Result<(), ProtobufError> {
        self.labels.begin();
        let mut pairs = Pairs::default();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            if field.number == 1 {
                references(field.value, |reference| match pairs.push(reference) {
                    Some(pair) => self.label(pair, symbols),
                    None => Ok(()),
                })?;
            }
        }
        pairs.end()
    }

    fn label(&mut self, pair: (u32, u32), symbols: &[&'a [u8]]) -> Result<(), ProtobufError> {
        let judge = &mut *self.judge;
        self.labels.push(pair, || {
            let (name, value) = (symbol(symbols, pair.0)?, symbol(symbols, pair.1)?);
            Ok(Label { name, value, seen: judge.label(name, value) })
        })
    }
}

fn part(number: u32, value: Value<'_>, symbols: &[&[u8]]) -> Result<Option<Part>, ProtobufError> {
    Ok(Some(match number {
        2 => sample(value.bytes()?)?,
        3 => Part::Histogram(Histogram::read(value.bytes()?)?),
        4 => Part::Exemplar(exemplar(value.bytes()?, symbols)?),
        5 => return metadata(value.bytes()?, symbols).map(|()| None),
        _ => return Ok(None),
    }))
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
fn references(value: Value<'_>, mut each: impl FnMut(u32) -> Result<(), ProtobufError>) -> Result<(), ProtobufError> {
    let Value::Bytes(packed) = value else { return each(low(value.varint()?)) };
    let mut reader = Reader::new(packed);
    while !reader.is_empty() {
        each(low(reader.varint()?))?;
    }
    Ok(())
}

fn exemplar(message: &[u8], symbols: &[&[u8]]) -> Result<Exemplar, ProtobufError> {
    let (mut exemplar, mut pairs) = (Exemplar::default(), Pairs::default());
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => references(value, |reference| {
                if let Some((name, value)) = pairs.push(reference) {
                    exemplar.label(symbol(symbols, name)?, symbol(symbols, value)?);
                }
                Ok(())
            })?,
            2 => drop(value.double()?),
            3 => exemplar.millis = value.varint()?.cast_signed(),
            _ => {}
        }
    }
    pairs.end()?;
    Ok(exemplar)
}

/// Metadata leaves out what it does not tell, which is the first symbol as well.
fn metadata(message: &[u8], symbols: &[&[u8]]) -> Result<(), ProtobufError> {
    let (mut help, mut unit) = (0, 0);
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => drop(value.varint()?),
            3 => help = low(value.varint()?),
            4 => unit = low(value.varint()?),
            _ => {}
        }
    }
    [help, unit].into_iter().filter(|reference| *reference != 0).try_for_each(|told| symbol(symbols, told).map(drop))
}
