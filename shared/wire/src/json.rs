//! JSON as Loki reads it: a borrowing reader that builds no tree.
//!
//! Well formed means here what Loki's two readers accept together. It differs from RFC 8259 where they do: the
//! text ends with its first value, and strings may hold control characters and bytes that are no UTF-8.

mod cursor;
mod skip;

pub use cursor::Cursor;

use std::{borrow::Cow, fmt};

/// Why a text is no JSON, or not the JSON it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What should have been there.
    pub wanted: &'static str,
    /// Where, in bytes from the start of the text.
    pub at: usize,
}

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A well-formed value, by its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub start: usize,
    /// The value as it stands in the text.
    pub raw: &'a [u8],
}

impl<'a> Value<'a> {
    /// Where it ends.
    pub const fn end(&self) -> usize {
        self.start.saturating_add(self.raw.len())
    }

    /// This value, if it is of this kind.
    pub fn expect(self, kind: Kind, wanted: &'static str) -> Result<Self, JsonError> {
        if self.kind == kind { Ok(self) } else { Err(JsonError { wanted, at: self.start }) }
    }

    /// The text between a string's quotes, and any other value as it stands.
    pub fn content(&self) -> &'a [u8] {
        match self.kind {
            Kind::String => self.raw.get(1..self.raw.len().saturating_sub(1)).unwrap_or_default(),
            Kind::Null | Kind::Bool | Kind::Number | Kind::Array | Kind::Object => self.raw,
        }
    }

    /// [`content`](Self::content) with its escapes resolved; an unpaired surrogate is an error.
    pub fn text(&self) -> Result<Cow<'a, [u8]>, JsonError> {
        let content = self.content();
        if !content.contains(&b'\\') {
            return Ok(Cow::Borrowed(content));
        }
        let (mut text, mut rest) = (Vec::with_capacity(content.len()), content);
        while let Some((plain, escape)) = split(rest) {
            text.extend_from_slice(plain);
            let (letter, after) = character(escape).ok_or(JsonError { wanted: "a valid escape", at: self.start })?;
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            rest = after;
        }
        text.extend_from_slice(rest);
        Ok(Cow::Owned(text))
    }
}

/// Splits before the first escape.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    text.split_at_checked(text.iter().position(|byte| *byte == b'\\')?)
}

/// The character that an escape stands for, and what follows it.
fn character(escape: &[u8]) -> Option<(char, &[u8])> {
    let (kind, rest) = escape.get(1..)?.split_first()?;
    let simple = match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return utf16(rest),
        _ => return None,
    };
    Some((simple, rest))
}

/// One UTF-16 unit, or the two of a pair. What no pair stands for becomes the replacement character, as in Go.
fn utf16(digits: &[u8]) -> Option<(char, &[u8])> {
    let (first, rest) = unit(digits)?;
    if !matches!(first, 0xd800..=0xdfff) {
        return Some((char::from_u32(first)?, rest));
    }
    let (second, rest) = unit(rest.strip_prefix(b"\\u")?)?;
    let low = second.checked_sub(0xdc00)?;
    let high = first.saturating_sub(0xd800).saturating_mul(0x400);
    let joined = 0x1_0000_u32.saturating_add(high).saturating_add(low);
    Some((char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), rest))
}

fn unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let number = digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(number.saturating_mul(16).saturating_add(digit))
    })?;
    Some((number, rest))
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is expected at byte {}", self.wanted, self.at)
    }
}

impl std::error::Error for JsonError {}

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
