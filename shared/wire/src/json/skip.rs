//! Skipping values that nobody wants to look into. What is skipped is well formed.

use super::{
    JsonError,
    cursor::{Cursor, SEPARATOR, plain},
};

/// How deeply arrays and objects may nest; a push needs five.
const DEPTH: u32 = 128;

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

impl Cursor<'_> {
    /// Skips a value and all it holds, without recursion.
    pub(super) fn skip(&mut self) -> Result<(), JsonError> {
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
    pub(super) fn string(&mut self) -> Result<(), JsonError> {
        self.advance(1);
        loop {
            self.advance(plain(self.text.get(self.at..).unwrap_or_default()));
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
        } else if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.error("no leading zero"));
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
