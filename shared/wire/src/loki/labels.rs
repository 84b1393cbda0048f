//! A stream's labels as text: `{app="api", env='prod'}`.
//!
//! Loki reads this text with PromQL's metric parser, so this one says yes and no where that one does: quoted
//! names, three kinds of quotes, Go's escapes, comments, a metric's name before the brace.

use std::{borrow::Cow, fmt};

/// The name that a metric's name stands under.
const METRIC_NAME: &str = "__name__";

/// Words that PromQL reads as something else than a name.
const RESERVED: [&str; 8] = ["atan2", "bool", "group_left", "group_right", "ignoring", "inf", "nan", "on"];

/// A label; a value may hold any bytes, because an escape may stand for any byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label<'a> {
    /// Its name.
    pub name: Cow<'a, [u8]>,
    /// Its value.
    pub value: Cow<'a, [u8]>,
}

/// Why a text holds no labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelsError {
    /// What should have been there.
    pub wanted: &'static str,
    /// Where, in bytes from the start of the text.
    pub at: usize,
}

/// Reads a text into `labels`, which is cleared first: sorted by name, without those whose value is empty.
///
/// Repeated names stay, for the check that refuses them. What is allocated is bounded by the text's length, which
/// must not be more than `longest`.
pub fn parse<'a>(text: &'a [u8], longest: usize, labels: &mut Vec<Label<'a>>) -> Result<(), LabelsError> {
    read(text, longest, labels)?;
    labels.retain(|label| !label.value.is_empty());
    labels.sort();
    Ok(())
}

/// Reads a text into `labels`, which is cleared first: all of them, as they stand there.
pub fn read<'a>(text: &'a [u8], longest: usize, labels: &mut Vec<Label<'a>>) -> Result<(), LabelsError> {
    labels.clear();
    if text.len() > longest {
        return Err(LabelsError { wanted: "the end", at: longest });
    }
    let text = std::str::from_utf8(text).map_err(|error| LabelsError { wanted: "UTF-8", at: error.valid_up_to() })?;
    let mut lexer = Lexer { text, at: 0 };
    lexer.skip_blanks();
    let metric = lexer.metric_name()?;
    lexer.skip_blanks();
    if lexer.take(b'{') {
        label_list(&mut lexer, labels)?;
        lexer.skip_blanks();
    }
    if lexer.peek().is_some() {
        return Err(lexer.error("the end"));
    }
    if let Some(metric) = metric {
        labels.retain(|label| *label.name != *METRIC_NAME.as_bytes());
        labels.push(Label { name: bytes(METRIC_NAME), value: bytes(metric) });
    }
    Ok(())
}

fn bytes(text: &str) -> Cow<'_, [u8]> {
    Cow::Borrowed(text.as_bytes())
}

/// Reads up to the closing brace. One comma may follow the last label.
fn label_list<'a>(lexer: &mut Lexer<'a>, labels: &mut Vec<Label<'a>>) -> Result<(), LabelsError> {
    lexer.skip_blanks();
    while !lexer.take(b'}') {
        labels.push(label(lexer)?);
        lexer.skip_blanks();
        if !lexer.take(b',') {
            return if lexer.take(b'}') { Ok(()) } else { Err(lexer.error("a comma or }")) };
        }
        lexer.skip_blanks();
    }
    Ok(())
}

/// `name="value"`, `"name"="value"`, or a metric's name in quotes.
fn label<'a>(lexer: &mut Lexer<'a>) -> Result<Label<'a>, LabelsError> {
    let quoted = lexer.string()?;
    let alone = quoted.is_some();
    let name = match quoted {
        Some(name) => name,
        None => bytes(lexer.identifier().ok_or_else(|| lexer.error("a label name or }"))?),
    };
    lexer.skip_blanks();
    if !lexer.take(b'=') {
        return if alone { Ok(Label { name: bytes(METRIC_NAME), value: name }) } else { Err(lexer.error("=")) };
    }
    lexer.skip_blanks();
    let value = lexer.string()?.ok_or_else(|| lexer.error("a quoted value"))?;
    Ok(Label { name, value })
}

/// Reads the text token by token.
struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    const fn error(&self, wanted: &'static str) -> LabelsError {
        LabelsError { wanted, at: self.at }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.advance(usize::from(there));
        there
    }

    /// Takes what belongs to a run of these bytes.
    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().position(|byte| !belongs(byte)).unwrap_or(rest.len());
        self.advance(end);
        rest.get(..end).unwrap_or_default()
    }

    /// Skips white space and comments.
    fn skip_blanks(&mut self) {
        loop {
            self.run(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
            if !self.take(b'#') {
                return;
            }
            self.run(|byte| !matches!(byte, b'\n' | b'\r'));
        }
    }

    fn identifier(&mut self) -> Option<&'a str> {
        let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        self.peek().filter(|byte| starts(*byte))?;
        Some(self.run(|byte| starts(byte) || byte.is_ascii_digit()))
    }

    fn metric_name(&mut self) -> Result<Option<&'a str>, LabelsError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':')) {
            return Ok(None);
        }
        let error = self.error("a metric name");
        let name = self.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
        if RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word)) {
            return Err(error);
        }
        Ok(Some(name))
    }

    /// A string in any of the three quotes; `None` if none begins here.
    fn string(&mut self) -> Result<Option<Cow<'a, [u8]>>, LabelsError> {
        let Some(quote @ (b'"' | b'\'' | b'`')) = self.peek() else { return Ok(None) };
        self.advance(1);
        let start = self.at;
        let mut unescaped: Option<Vec<u8>> = None;
        loop {
            let plain = self.run(|byte| byte != quote && (quote == b'`' || !matches!(byte, b'\\' | b'\n')));
            // PromQL cannot tell the replacement character from damaged UTF-8.
            if plain.contains(char::REPLACEMENT_CHARACTER) {
                return Err(LabelsError { wanted: "UTF-8", at: start });
            }
            if let Some(unescaped) = &mut unescaped {
                unescaped.extend_from_slice(plain.as_bytes());
            }
            if self.take(quote) {
                return Ok(Some(unescaped.map_or(bytes(plain), Cow::Owned)));
            }
            if !self.take(b'\\') {
                return Err(self.error("the closing quote"));
            }
            let unescaped = unescaped.get_or_insert_with(|| plain.into());
            self.escape(quote, unescaped)?;
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, quote: u8, into: &mut Vec<u8>) -> Result<(), LabelsError> {
        let error = self.error("an escape that Go has");
        let byte = self.peek().ok_or(error)?;
        self.advance(1);
        let single = match byte {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' => b'\\',
            b'x' => self.byte(16, 2, 0, error)?,
            b'0'..=b'7' => self.byte(8, 2, u32::from(byte.saturating_sub(b'0')), error)?,
            b'u' => return self.character(4, into, error),
            b'U' => return self.character(8, into, error),
            _ if byte == quote => quote,
            _ => return Err(error),
        };
        into.push(single);
        Ok(())
    }

    fn byte(&mut self, base: u32, digits: usize, first: u32, error: LabelsError) -> Result<u8, LabelsError> {
        u8::try_from(self.number(base, digits, first, error)?).map_err(|_| error)
    }

    fn character(&mut self, digits: usize, into: &mut Vec<u8>, error: LabelsError) -> Result<(), LabelsError> {
        let character = char::from_u32(self.number(16, digits, 0, error)?).ok_or(error)?;
        into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn number(&mut self, base: u32, digits: usize, first: u32, error: LabelsError) -> Result<u32, LabelsError> {
        let mut number = first;
        for _ in 0..digits {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(base)).ok_or(error)?;
            number = number.checked_mul(base).and_then(|number| number.checked_add(digit)).ok_or(error)?;
            self.advance(1);
        }
        Ok(number)
    }
}

impl fmt::Display for LabelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is expected at byte {}", self.wanted, self.at)
    }
}

impl std::error::Error for LabelsError {}

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
