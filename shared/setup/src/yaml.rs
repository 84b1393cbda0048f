//! YAML as a tree that knows its lines. Bounded in depth and size; aliases are shared, never copied.

use saphyr_parser::{Event, Parser, Span};
use std::{collections::HashMap, fmt, rc::Rc};

/// How deep collections may nest.
const DEPTH: usize = 32;

/// What a key that stands for the keys of another mapping is called.
const MERGE: &str = "<<";

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// A part of a document.
#[derive(Debug, PartialEq, Eq)]
pub struct Node {
    /// The line it begins at, from 1.
    pub line: usize,
    /// What it is.
    pub value: Value,
}

/// What a part of a document is.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, a number, or anything else that is written in one piece.
    Scalar(String),
    /// A list.
    List(Vec<Rc<Node>>),
    /// A mapping, in the order of the document.
    Map(Vec<Entry>),
}

/// An entry of a mapping.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// The line of the key, from 1.
    pub line: usize,
    /// Its value.
    pub node: Rc<Node>,
}

/// Reads the only document of a text, of at most `most` nodes.
pub fn parse(text: &str, most: usize) -> Result<Rc<Node>, Wrong> {
    let mut builder = Builder { most, ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| wrong(error.marker().line(), error.info()))?;
        builder.take(event, span)?;
    }
    builder.root.ok_or_else(|| wrong(1, "there is nothing in it"))
}

/// Something is wrong with a line.
pub fn wrong(line: usize, what: impl Into<String>) -> Wrong {
    Wrong { line, what: what.into() }
}

impl Node {
    /// Its entries, if it is a mapping.
    pub fn map(&self, name: &str) -> Result<&[Entry], Wrong> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(wrong(self.line, format!("{name} must be a mapping"))),
        }
    }

    /// Its items, if it is a list.
    pub fn list(&self, name: &str) -> Result<&[Rc<Self>], Wrong> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(wrong(self.line, format!("{name} must be a list"))),
        }
    }

    /// Its text, if it is a scalar.
    pub fn text(&self, name: &str) -> Result<&str, Wrong> {
        match &self.value {
            Value::Scalar(text) => Ok(text),
            _ => Err(wrong(self.line, format!("{name} must be a text"))),
        }
    }

    /// What a mapping has under a key, its own or merged into it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).or_else(|| match self.entry(MERGE)? {
            Self { value: Value::List(nodes), .. } => nodes.iter().find_map(|node| node.entry(key)),
            node => node.entry(key),
        })
    }

    /// Refuses keys that are not among these.
    pub fn knows(&self, name: &str, fields: &[&str]) -> Result<(), Wrong> {
        for Entry { key, line, .. } in self.map(name)? {
            if key != MERGE && !fields.contains(&key.as_str()) {
                let fields = fields.join(", ");
                return Err(wrong(*line, format!("{name} has the unknown field {}; known are {fields}", clip(key))));
            }
        }
        Ok(())
    }

    /// Refuses a mapping whose values are anything but text.
    pub fn is_text_map(&self, name: &str) -> Result<(), Wrong> {
        self.map(name)?.iter().try_for_each(|Entry { key, node, .. }| match key == MERGE {
            true => Ok(()),
            false => node.text(&format!("{name}.{}", clip(key))).map(drop),
        })
    }

    fn entry(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries.iter().find_map(|entry| (entry.key == key).then_some(&*entry.node)),
            _ => None,
        }
    }
}

/// A text that a user chose, short enough to be quoted.
pub fn clip(text: &str) -> &str {
    text.get(..text.floor_char_boundary(60)).unwrap_or(text)
}

#[derive(Default)]
struct Builder {
    root: Option<Rc<Node>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    most: usize,
}

/// A collection whose end has not come yet.
struct Open {
    line: usize,
    anchor: usize,
    value: Value,
    /// The key whose value comes next.
    key: Option<(String, usize)>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Wrong> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, _, anchor, _) => self.add(line, anchor, Value::Scalar(text.into_owned())),
            Event::SequenceStart(anchor, _) => self.begin(line, anchor, Value::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(line, anchor, Value::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { line, anchor, value, .. }) => self.add(line, anchor, value),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).map(Rc::clone) {
                Some(node) => self.place(line, node),
                None => Err(wrong(line, "an alias of what is not complete")),
            },
            Event::DocumentStart(_) if self.root.is_some() => Err(wrong(line, "a second document begins here")),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn begin(&mut self, line: usize, anchor: usize, value: Value) -> Result<(), Wrong> {
        if self.open.len() >= DEPTH {
            return Err(wrong(line, format!("more than {DEPTH} collections in each other")));
        }
        self.open.push(Open { line, anchor, value, key: None });
        Ok(())
    }

    fn add(&mut self, line: usize, anchor: usize, value: Value) -> Result<(), Wrong> {
        let node = Rc::new(Node { line, value });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(line, node)
    }

    /// Puts a node where it belongs: into the collection that is open, as a key or a value.
    fn place(&mut self, line: usize, node: Rc<Node>) -> Result<(), Wrong> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > self.most {
            return Err(wrong(line, format!("more than {} values", self.most)));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some((key, line))) => entries.push(Entry { key, line, node }),
            (Value::Map(entries), None) => open.key = Some((new_key(entries, line, &node)?, line)),
            (Value::Scalar(_), _) => {}
        }
        Ok(())
    }
}

fn new_key(entries: &[Entry], line: usize, node: &Node) -> Result<String, Wrong> {
    let key = node.text("a key")?;
    match entries.iter().any(|entry| entry.key == key) {
        true => Err(wrong(line, format!("the key {} stands twice", clip(key)))),
        false => Ok(key.to_owned()),
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for Wrong {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_knows_its_lines() {
        let root = parse("# a comment\na: 1\nb:\n  - x\n  - c: |\n      text\n", 100).unwrap();
        let items = root.get("b").unwrap().list("b").unwrap();
        let c = items[1].get("c").unwrap();
        assert_eq!((root.get("a").unwrap().line, items[0].line, c.line), (2, 4, 6));
        assert_eq!(c.text("c"), Ok("text\n"));
    }

    #[test]
    fn aliases_are_shared_and_merged() {
        let root = parse("a: &x {k: v, l: w}\nb: *x\nc: {<<: *x, l: own}\nd: {<<: [{m: 1}, *x]}", 100).unwrap();
        let text = |name: &str, key: &str| root.get(name).unwrap().get(key).map(|node| node.text(key).unwrap());
        assert_eq!((text("b", "k"), text("c", "k"), text("c", "l")), (Some("v"), Some("v"), Some("own")));
        assert_eq!((text("d", "m"), text("d", "l"), text("d", "n")), (Some("1"), Some("w"), None));
    }

    #[test]
    fn what_is_no_document_is_refused_with_its_line() {
        let deep = format!("a:\n  {}", "[".repeat(DEPTH));
        let bomb = format!("a: &a [{}]\nb: &b [{}]", ["x"; 60].join(","), ["*a"; 60].join(","));
        for (text, line, what) in [
            ("", 1, "nothing"),
            ("a: 1\nb: [", 3, ""),
            ("a: 1\n b: 2", 2, ""),
            ("a: 1\nb: 1\na: 2", 3, "twice"),
            ("a: 1\n---\nb: 2", 2, "second document"),
            ("a: *b", 1, ""),
            ("a: &b [*b]", 1, "not complete"),
            ("? [a]\n: b", 1, "a key must be a text"),
            (&deep, 2, "in each other"),
            (&bomb, 2, "more than 100"),
        ] {
            let refused = parse(text, 100).unwrap_err();
            assert!(refused.line == line && refused.what.contains(what), "{text}: {refused}");
        }
    }
}
