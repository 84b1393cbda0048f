//! The symbols of a request of version 2, and what is known of the labels whose values they are.

use super::labels::Seen;
use crate::protobuf::{ProtobufError, Reader};

/// The most symbols that are held. The largest body could bring sixteen million empty ones, and their places would
/// not fit into the memory of a component.
const SYMBOLS: usize = 1 << 20;

/// Of so many symbols it is remembered what they mean as a value.
const KNOWN: usize = 1 << 16;

/// References to a label's name and value.
pub(super) type Pair = (u32, u32);

/// The symbols of a request.
#[derive(Debug)]
pub(super) struct Symbols<'a> {
    texts: Vec<&'a [u8]>,
    known: Vec<Known>,
}

/// What was found out last about the label of this name that has a symbol as its value.
#[derive(Clone, Copy, Debug)]
struct Known {
    name: u32,
    seen: Seen,
}

/// No symbol has this number.
const NOBODY: Known = Known { name: u32::MAX, seen: Seen { hash: 0, fault: None } };

impl<'a> Symbols<'a> {
    /// Reads them, wherever they stand, and returns the request from the first other field on as well.
    pub(super) fn read(request: &'a [u8]) -> Result<(Self, &'a [u8]), ProtobufError> {
        let (mut texts, mut others): (Vec<&[u8]>, _) = (Vec::new(), None);
        let (mut reader, mut here) = (Reader::new(request), request);
        while let Some(tag) = reader.tag()? {
            match tag.number() {
                1 | 3 => return Err(ProtobufError::WrongMessage),
                4 if texts.len() >= SYMBOLS => return Err(ProtobufError::TooManySymbols),
                4 => texts.push(reader.bytes(tag)?),
                _ => {
                    others.get_or_insert(here);
                    reader.skip(tag)?;
                }
            }
            here = reader.rest();
        }
        if texts.first().is_some_and(|first| !first.is_empty()) {
            return Err(ProtobufError::FirstSymbol);
        }
        let known = vec![NOBODY; texts.len().min(KNOWN)];
        Ok((Self { texts, known }, others.unwrap_or_default()))
    }

    /// The text that a reference leads to.
    #[inline]
    pub(super) fn text(&self, reference: u32) -> Result<&'a [u8], ProtobufError> {
        let index = usize::try_from(reference).unwrap_or(usize::MAX);
        self.texts.get(index).copied().ok_or(ProtobufError::UnknownSymbol)
    }

    /// The name and the value that a pair of references leads to.
    #[inline]
    pub(super) fn texts(&self, (name, value): Pair) -> Result<(&'a [u8], &'a [u8]), ProtobufError> {
        Ok((self.text(name)?, self.text(value)?))
    }

    /// What is known of the label that a pair of references stands for; `look` is asked if that is nothing.
    #[inline]
    pub(super) fn seen(&mut self, (name, value): Pair, look: impl FnOnce() -> Seen) -> Seen {
        let index = usize::try_from(value).unwrap_or(usize::MAX);
        let Some(known) = self.known.get_mut(index) else { return look() };
        if known.name != name {
            *known = Known { name, seen: look() };
        }
        known.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"\x22\x00\x22\x01a\x2a\x00\x22\x01b\x2a\x00";

    #[test]
    fn symbols_are_found_wherever_they_stand() {
        let (symbols, others) = Symbols::read(REQUEST).unwrap();
        assert_eq!((symbols.texts, others), (vec![&b""[..], b"a", b"b"], &REQUEST[5..]));
        for (request, want) in [
            (&b"\x0a\x00"[..], ProtobufError::WrongMessage),
            (b"\x1a\x00", ProtobufError::WrongMessage),
            (b"\x22\x01a", ProtobufError::FirstSymbol),
            (b"\x22\x02a", ProtobufError::Truncated),
        ] {
            assert_eq!(Symbols::read(request).map(drop), Err(want), "{request:02x?}");
        }
        assert_eq!(Symbols::read(&b"\x22\x00".repeat(SYMBOLS + 1)).map(drop), Err(ProtobufError::TooManySymbols));
    }

    #[test]
    fn a_label_is_judged_once_unless_its_value_has_another_name_too() {
        let (mut symbols, _) = Symbols::read(REQUEST).unwrap();
        let mut judged = 0;
        for (pair, want) in [((1, 2), 1), ((1, 2), 1), ((2, 2), 2), ((1, 2), 3), ((1, 1), 4), ((1, 2), 4)] {
            let (name, value) = symbols.texts(pair).unwrap();
            let hash = u64::from(name[0] + value[0]);
            let seen = symbols.seen(pair, || {
                judged += 1;
                Seen { hash, fault: None }
            });
            assert_eq!((seen.hash, judged), (hash, want), "{pair:?}");
        }
        for pair in [(3, 1), (1, 3), (u32::MAX, 1), (1, u32::MAX)] {
            assert_eq!(symbols.texts(pair), Err(ProtobufError::UnknownSymbol), "{pair:?}");
        }
    }
}
