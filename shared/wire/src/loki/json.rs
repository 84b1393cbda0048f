//! Loki's push as JSON, read as Loki's two readers do together.
//!
//! Of a name that stands twice the last counts; `streams` is found in any case, the other names are not; what has
//! no place here is ignored. Labels become the text that Loki makes of them, and that text is what is parsed.

use super::{Entry, Judge, Judged, LEVEL, Stream, labels};
use crate::{
    json::{Cursor, JsonError, Kind, Value},
    patch::{Mark, Patch},
};
use std::{collections::BTreeMap, ops::Range};

/// So many entries of a stream are remembered until it is known what becomes of the stream; longer ones are read twice.
const REMEMBERED: usize = 4_096;

/// How many bytes an escape takes for one.
const LONGEST_ESCAPE: usize = 6;

/// Reads a push and lets `judge` decide on everything in it.
///
/// ```json
/// {"streams": [{"stream": {"name": "value"}, "values": [["nanoseconds", "line", {"name": "value"}]]}]}
/// ```
pub fn read(text: &[u8], judge: &mut impl Judge) -> Result<Judged, JsonError> {
    let mut reader = Reader { text, judge, judged: Judged::default(), elements: Vec::new() };
    let mut cursor = Cursor::new(text, 0);
    if cursor.kind() == Kind::Null {
        cursor.value()?;
        return Ok(reader.judged);
    }
    cursor.object("an object", |name, cursor| {
        if !name.text()?.eq_ignore_ascii_case(b"streams") {
            return cursor.value().map(drop);
        }
        reader.judge.restart();
        reader.judged = Judged::default();
        if cursor.kind() == Kind::Null { cursor.value().map(drop) } else { reader.streams(cursor) }
    })?;
    Ok(reader.judged)
}

struct Reader<'r, J> {
    text: &'r [u8],
    judge: &'r mut J,
    judged: Judged,
    /// The entries of the present stream.
    elements: Vec<Element>,
}

/// An element of an array of entries.
#[derive(Clone, Copy)]
struct Element {
    start: usize,
    end: usize,
    /// What it says; a null is no entry, and is left where it stands.
    entry: Option<Entry>,
    /// Whether nothing is ignored in it, where skipping looks closer than reading does.
    is_plain: bool,
}

/// An array of entries, skipped.
struct Skipped {
    /// Where it begins.
    start: usize,
    /// How many entries there are.
    entries: usize,
    /// Whether its elements are remembered.
    remembered: bool,
}

impl<J: Judge> Reader<'_, J> {
    fn streams(&mut self, cursor: &mut Cursor<'_>) -> Result<(), JsonError> {
        let mut list = List::new(&self.judged.patch);
        cursor.array("an array of streams", |cursor| {
            let start = cursor.start();
            list.begin(&mut self.judged.patch, start);
            let before = self.judged.patch.mark();
            let keep = self.stream(cursor)?;
            self.judged.streams = self.judged.streams.saturating_add(1);
            self.judged.kept = self.judged.kept.saturating_add(usize::from(keep));
            if !keep {
                self.judged.patch.back_to(before);
            }
            list.end(&mut self.judged.patch, start..cursor.end(), keep);
            Ok(())
        })?;
        list.close(&mut self.judged.patch);
        Ok(())
    }

    fn stream(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, JsonError> {
        let (mut pairs, mut values) = (None, None);
        cursor.object("a stream", |name, cursor| {
            match &*name.text()? {
                b"stream" => pairs = Some(cursor.value()?),
                b"values" if cursor.kind() == Kind::Null => cursor.value().map(drop)?,
                b"values" => values = Some(skip(cursor, &mut self.elements)?),
                _ => drop(cursor.value()?),
            }
            Ok(())
        })?;
        let longest = self.judge.longest_labels();
        let text = pairs.map(|pairs| label_text(self.text, pairs, longest)).transpose()?.unwrap_or_default();
        let mut parsed = Vec::new();
        let labels = labels::parse(&text, longest, &mut parsed).map(|()| parsed.as_slice());
        let entries = values.as_ref().map_or(0, |values| values.entries);
        let keep = self.judge.stream(&Stream { text: &text, labels, entries });
        let kept = values.map(|values| self.entries(&values, keep)).transpose()?.unwrap_or(0);
        Ok(keep && (kept > 0 || entries == 0))
    }

    /// Judges the entries, and returns how many are kept.
    fn entries(&mut self, values: &Skipped, keep: bool) -> Result<usize, JsonError> {
        let (text, elements) = (self.text, std::mem::take(&mut self.elements));
        let mut sieve = Sieve { list: List::new(&self.judged.patch), kept: 0, keep };
        if values.remembered {
            elements.iter().for_each(|element| sieve.sift(self, *element));
        } else {
            Cursor::new(text, values.start).array("an array of entries", |cursor| {
                sieve.sift(self, element(cursor)?);
                Ok(())
            })?;
        }
        sieve.list.close(&mut self.judged.patch);
        self.elements = elements;
        Ok(sieve.kept)
    }
}

/// Cuts out of an array what is not kept.
struct Sieve {
    list: List,
    kept: usize,
    /// Whether anything of the stream may be kept.
    keep: bool,
}

impl Sieve {
    fn sift<J: Judge>(&mut self, reader: &mut Reader<'_, J>, element: Element) {
        self.list.begin(&mut reader.judged.patch, element.start);
        let stays = element.entry.is_none_or(|entry| self.keep && reader.judge.entry(&entry));
        self.kept = self.kept.saturating_add(usize::from(stays && element.entry.is_some()));
        self.list.end(&mut reader.judged.patch, element.start..element.end, stays);
    }
}

/// Skips the entries and counts them. As long as they are few and as they should be, they are read on the way: what is
/// wrong with one is told only if this array counts, and its stream is read.
fn skip(cursor: &mut Cursor<'_>, elements: &mut Vec<Element>) -> Result<Skipped, JsonError> {
    elements.clear();
    let mut skipped = Skipped { start: cursor.start(), entries: 0, remembered: true };
    cursor.array("an array of entries", |cursor| {
        skipped.remembered &= elements.len() < REMEMBERED;
        let mut ahead = cursor.clone();
        let read = skipped.remembered.then(|| element(&mut ahead).ok()).flatten().filter(|read| read.is_plain);
        let is_entry = if let Some(read) = read {
            *cursor = ahead;
            elements.push(read);
            read.entry.is_some()
        } else {
            skipped.remembered = false;
            cursor.value()?.kind != Kind::Null
        };
        skipped.entries = skipped.entries.saturating_add(usize::from(is_entry));
        Ok(())
    })?;
    Ok(skipped)
}

/// Labels as Loki writes them down: sorted, the last of a name, values in double quotes. What is no string stands
/// for its text. What must be longer than `longest` stays as it is: it will be refused for that.
fn label_text(text: &[u8], pairs: Value<'_>, longest: usize) -> Result<Vec<u8>, JsonError> {
    if pairs.raw.len() > longest.saturating_mul(LONGEST_ESCAPE) {
        return Ok(pairs.expect(Kind::Object, "an object of labels")?.raw.to_vec());
    }
    let mut labels = BTreeMap::new();
    Cursor::new(text, pairs.start).object("an object of labels", |name, cursor| {
        let (name, value) = (name.text()?, cursor.value()?.text()?);
        labels.insert(name, value);
        Ok(())
    })?;
    let mut text = vec![b'{'];
    for (index, (name, value)) in labels.iter().enumerate() {
        text.extend_from_slice(if index == 0 { b"" } else { b", " });
        text.extend_from_slice(name);
        text.push(b'=');
        quote(value, &mut text);
    }
    text.push(b'}');
    Ok(text)
}

fn quote(value: &[u8], into: &mut Vec<u8>) {
    into.push(b'"');
    for chunk in value.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            match byte {
                b'"' | b'\\' => into.extend_from_slice(&[b'\\', byte]),
                b'\n' => into.extend_from_slice(b"\\n"),
                _ => into.push(byte),
            }
        }
        into.extend(chunk.invalid().iter().flat_map(|byte| format!("\\x{byte:02x}").into_bytes()));
    }
    into.push(b'"');
}

/// `null`, or `["nanoseconds", "line", {metadata}]`: each may be missing, what follows them is ignored.
fn element(cursor: &mut Cursor<'_>) -> Result<Element, JsonError> {
    let start = cursor.start();
    if cursor.kind() == Kind::Null {
        cursor.value()?;
        return Ok(Element { start, end: cursor.end(), entry: None, is_plain: true });
    }
    let mut entry = Entry::EMPTY;
    let mut index = 0_usize;
    cursor.array("an entry", |cursor| {
        match index {
            0 => entry.nanos = time(cursor.value()?.expect(Kind::String, "a time in quotes")?)?,
            1 => entry.line = cursor.text_length("a line in quotes")?,
            2 => metadata(cursor, &mut entry)?,
            _ => drop(cursor.value()?),
        }
        index = index.saturating_add(1);
        Ok(())
    })?;
    Ok(Element { start, end: cursor.end(), entry: Some(entry), is_plain: index <= 3 })
}

fn metadata(cursor: &mut Cursor<'_>, entry: &mut Entry) -> Result<(), JsonError> {
    cursor.object("an object of metadata", |name, cursor| {
        let (name, value) = (name.text()?, cursor.text_length("a value in quotes")?);
        entry.add_metadata(*name == *LEVEL, name.len().saturating_add(value));
        Ok(())
    })
}

/// A whole number that fits 64 bits, without leading zeros.
fn time(value: Value<'_>) -> Result<i64, JsonError> {
    let content = value.content();
    let digits = content.strip_prefix(b"-").unwrap_or(content);
    let padded = matches!(digits, [b'0', _, ..]);
    let text = std::str::from_utf8(content).ok().filter(|text| !padded && !text.starts_with('+'));
    text.and_then(|text| text.parse().ok()).ok_or(JsonError { wanted: "a time in nanoseconds", at: value.start })
}

/// Cuts elements out of an array, each with one of the commas beside it.
struct List {
    /// What this array's cuts may be joined with begins here.
    mark: Mark,
    /// Where the last element ended, kept or not, once one is kept.
    behind: Option<usize>,
    /// The element that was cut last, while none is kept: the comma behind it goes with it.
    leading: Option<Range<usize>>,
}

impl List {
    const fn new(patch: &Patch) -> Self {
        Self { mark: patch.mark(), behind: None, leading: None }
    }

    /// The next element begins.
    fn begin(&mut self, patch: &mut Patch, start: usize) {
        if let Some(leading) = self.leading.take() {
            patch.cut_since(self.mark, leading.start..start);
        }
    }

    /// It ends here.
    fn end(&mut self, patch: &mut Patch, element: Range<usize>, keep: bool) {
        match self.behind {
            Some(behind) if !keep => patch.cut_since(self.mark, behind..element.end),
            None if !keep => self.leading = Some(element.clone()),
            _ => {}
        }
        if keep || self.behind.is_some() {
            self.behind = Some(element.end);
        }
    }

    /// So does the array.
    fn close(&mut self, patch: &mut Patch) {
        if let Some(leading) = self.leading.take() {
            patch.cut_since(self.mark, leading);
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
