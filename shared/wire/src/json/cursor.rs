//! The grammar: walking into values, and skipping those nobody wants.

use super::{JsonError, Kind, Value};

/// How deeply arrays and objects may nest; a push needs five.
const DEPTH: u32 = 128;

const SEPARATOR: &str = "a comma or a closing bracket";

/// Reads a text value by value. What it has passed is well formed.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

/// The brackets that are open: one bit each, set for an object. It cannot hold more than [`DEPTH`].
#[derive(Default)]
struct Open {
    objects: u128,
    depth: u32,
}

impl Open {
    fn push(&mut self, object: bool) -> Option<()> {
        self.depth = self.depth.checked_add(1).filter(|depth| *depth <= DEPTH)?;
        self.objects = self.objects << 1 | u128::from(object);
        Some(())
    }

    const fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
    }

    const fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
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

    const fn error(&self, wanted: &'static str) -> JsonError {
        JsonError { wanted, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    const fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.advance(usize::from(there));
        there
    }

    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.advance(length);
        length
    }

    fn blanks(&mut self) {
        self.run(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Skips a value and all it holds, without recursion.
    fn skip(&mut self) -> Result<(), JsonError> {
        let mut open = Open::default();
        loop {
            self.blanks();
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.open(bracket == b'{', &mut open)?;
                    self.advance(1);
                    self.blanks();
                    if !matches!(self.peek(), Some(b'}' | b']')) {
                        self.step_in(&open)?;
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            if self.close(&mut open)? {
                return Ok(());
            }
            self.step_in(&open)?;
        }
    }

    fn open(&self, object: bool, open: &mut Open) -> Result<(), JsonError> {
        open.push(object).ok_or_else(|| self.error("less nesting"))
    }

    /// After a value: closes what ends here and steps over a comma; `true` once all is closed.
    fn close(&mut self, open: &mut Open) -> Result<bool, JsonError> {
        while open.depth > 0 {
            self.blanks();
            let end = if open.in_object() { b'}' } else { b']' };
            if self.take(b',') {
                return Ok(false);
            }
            if !self.take(end) {
                return Err(self.error(SEPARATOR));
            }
            open.pop();
        }
        Ok(true)
    }

    /// In an object, the name of the member that comes next and its colon.
    fn step_in(&mut self, open: &Open) -> Result<(), JsonError> {
        if open.in_object() {
            self.name()?;
            self.colon()?;
        }
        Ok(())
    }

    fn name(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.peek() == Some(b'"') { self.string() } else { Err(self.error("a name in quotes")) }
    }

    fn colon(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.take(b':') { Ok(()) } else { Err(self.error("a colon")) }
    }

    fn scalar(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'n') => self.word(b"null"),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.error("a value"));
        }
        self.advance(word.len());
        Ok(())
    }

    /// Skips a string. That its escapes exist is checked here, what they mean is not.
    fn string(&mut self) -> Result<(), JsonError> {
        self.advance(1);
        loop {
            self.run(|byte| byte != b'"' && byte != b'\\');
            if self.take(b'"') {
                return Ok(());
            }
            let escape = self.text.get(self.at..).unwrap_or_default();
            let valid = match escape.get(1) {
                Some(b'u') => escape.get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
                _ => false,
            };
            if !valid {
                return Err(self.error("a closing quote or a valid escape"));
            }
            self.advance(2);
        }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits("a value")?;
        }
        if self.take(b'.') {
            self.digits("a digit")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.advance(1);
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.advance(1);
            }
            self.digits("a digit")?;
        }
        Ok(())
    }

    fn digits(&mut self, wanted: &'static str) -> Result<(), JsonError> {
        if self.run(|byte| byte.is_ascii_digit()) == 0 { Err(self.error(wanted)) } else { Ok(()) }
    }
}
