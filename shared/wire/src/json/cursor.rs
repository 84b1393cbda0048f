//! Walking into values.

use super::{JsonError, Kind, Value, character};

pub(super) const SEPARATOR: &str = "a comma or a closing bracket";

/// Reads a text value by value. What it has passed is well formed.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

/// How many bytes there are before the next quote or backslash. Eight at a time, because log lines are long and
/// are read twice.
pub(super) fn plain(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The lowest bit that is set in it marks the first byte that is zero.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let (words, _) = text.as_chunks::<8>();
    let found = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5c))
    };
    let whole = words.iter().take_while(|word| found(word) == 0).count().saturating_mul(8);
    let rest = text.get(whole..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(rest.len());
    whole.saturating_add(end)
}

impl<'a> Cursor<'a> {
    /// A reader that begins at this place of a text.
    pub const fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// Where the next value begins, or what else comes next.
    pub fn start(&mut self) -> usize {
        self.blanks();
        self.at
    }

    /// What has been read ends here.
    pub const fn end(&self) -> usize {
        self.at
    }

    /// What kind of value comes next; a number where none does, which reading it will tell.
    pub fn kind(&mut self) -> Kind {
        self.blanks();
        match self.peek() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b'n') => Kind::Null,
            Some(b't' | b'f') => Kind::Bool,
            _ => Kind::Number,
        }
    }

    /// The next value, skipped whole.
    pub fn value(&mut self) -> Result<Value<'a>, JsonError> {
        let (kind, start) = (self.kind(), self.at);
        self.skip()?;
        let raw = self.text.get(start..self.at).unwrap_or_default();
        Ok(Value { kind, start, raw })
    }

    /// The next value, which must be a string: how long its text is once its escapes are resolved. An unpaired
    /// surrogate is an error.
    pub fn text_length(&mut self, wanted: &'static str) -> Result<usize, JsonError> {
        self.blanks();
        if !self.take(b'"') {
            return Err(self.error(wanted));
        }
        let mut length = 0_usize;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = plain(rest);
            (self.at, length) = (self.at.saturating_add(plain), length.saturating_add(plain));
            if self.take(b'"') {
                return Ok(length);
            }
            let escape = rest.get(plain..).unwrap_or_default();
            if let [b'\\', b'"' | b'\\' | b'n' | b't', ..] = escape {
                self.advance(2);
                length = length.saturating_add(1);
                continue;
            }
            let (letter, after) = character(escape).ok_or_else(|| self.error("a closing quote or a valid escape"))?;
            self.advance(escape.len().saturating_sub(after.len()));
            length = length.saturating_add(letter.len_utf8());
        }
    }

    /// The next value, which must be an array; `element` reads each of its elements.
    pub fn array(
        &mut self,
        wanted: &'static str,
        mut element: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.bracketed(b'[', b']', wanted, |cursor| element(cursor))
    }

    /// The next value, which must be an object; `member` is given each name and reads its value.
    pub fn object(
        &mut self,
        wanted: &'static str,
        mut member: impl FnMut(Value<'a>, &mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.bracketed(b'{', b'}', wanted, |cursor| {
            let start = cursor.start();
            cursor.name()?;
            let raw = cursor.text.get(start..cursor.at).unwrap_or_default();
            cursor.colon()?;
            member(Value { kind: Kind::String, start, raw }, cursor)
        })
    }

    fn bracketed(
        &mut self,
        open: u8,
        close: u8,
        wanted: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.blanks();
        if !self.take(open) {
            return Err(self.error(wanted));
        }
        self.blanks();
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.blanks();
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.error(SEPARATOR));
            }
        }
    }

    pub(super) const fn error(&self, wanted: &'static str) -> JsonError {
        JsonError { wanted, at: self.at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) const fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.advance(usize::from(there));
        there
    }

    pub(super) fn run(&mut self, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.advance(length);
        length
    }

    pub(super) fn blanks(&mut self) {
        self.run(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    pub(super) fn name(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.peek() == Some(b'"') { self.string() } else { Err(self.error("a name in quotes")) }
    }

    pub(super) fn colon(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.take(b':') { Ok(()) } else { Err(self.error("a colon")) }
    }
}
