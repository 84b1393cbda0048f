//! Selectors: `up`, `{job="a", path=~"/x.*"}`, `up{…}`; the part of PromQL and LogQL that stand-ins understand.

use regex_lite::Regex;
use std::collections::BTreeMap;

/// A series' or stream's labels.
pub(crate) type Labels = BTreeMap<String, String>;

/// A parsed selector.
#[derive(Debug)]
pub(crate) struct Selector(Vec<Matcher>);

#[derive(Debug)]
struct Matcher {
    name: String,
    value: Value,
    negated: bool,
}

#[derive(Debug)]
enum Value {
    Exact(String),
    Pattern(Regex),
}

impl Selector {
    /// Parses a whole text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (selector, rest) = Self::parse_prefix(text)?;
        if rest.trim().is_empty() { Ok(selector) } else { Err(format!("not understood: {}", rest.trim())) }
    }

    /// Parses the selector that a text begins with; returns what follows.
    pub(crate) fn parse_prefix(text: &str) -> Result<(Self, &str), String> {
        let text = text.trim_start();
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let mut matchers = Vec::new();
        if !name.is_empty() {
            matchers.push(Matcher { name: "__name__".into(), value: Value::Exact(name.into()), negated: false });
        }
        let Some(mut rest) = rest.trim_start().strip_prefix('{') else {
            return if name.is_empty() { Err("a selector is expected".into()) } else { Ok((Self(matchers), rest)) };
        };
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if let Some(rest) = rest.strip_prefix('}') {
                return Ok((Self(matchers), rest));
            }
            let (matcher, after) = Matcher::parse(rest)?;
            matchers.push(matcher);
            rest = after;
        }
    }

    /// Whether these labels satisfy it; an absent label counts as empty.
    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels.get(&matcher.name).map_or("", String::as_str)))
    }
}

impl Matcher {
    fn parse(text: &str) -> Result<(Self, &str), String> {
        let at = text.find(['=', '!']).ok_or("a matcher is expected")?;
        let (name, rest) = text.split_at(at);
        let (operator, rest) = ["=~", "!~", "!=", "="]
            .iter()
            .find_map(|operator| rest.strip_prefix(operator).map(|rest| (*operator, rest)))
            .ok_or("=, !=, =~ or !~ is expected")?;
        let (value, rest) = quoted(rest.trim_start())?;
        let value = if operator.ends_with('~') {
            Value::Pattern(Regex::new(&format!("^(?:{value})$")).map_err(|error| error.to_string())?)
        } else {
            Value::Exact(value)
        };
        Ok((Self { name: name.trim().to_owned(), value, negated: operator.starts_with('!') }, rest))
    }

    fn matches(&self, value: &str) -> bool {
        let same = match &self.value {
            Value::Exact(wanted) => wanted == value,
            Value::Pattern(pattern) => pattern.is_match(value),
        };
        same != self.negated
    }
}

/// Reads a quoted text: double quotes with escapes, or backquotes without.
pub(crate) fn quoted(text: &str) -> Result<(String, &str), String> {
    if let Some((value, rest)) = text.strip_prefix('`').and_then(|text| text.split_once('`')) {
        return Ok((value.to_owned(), rest));
    }
    let mut chars = text.strip_prefix('"').ok_or("a quoted value is expected")?.char_indices();
    let mut value = String::new();
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return Ok((value, text.get(index + 2..).unwrap_or_default())),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, c)) => value.push(c),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err("a quoted value does not end".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Selector::parse(selector).unwrap().matches(&labels)
    }

    #[test]
    fn selectors_choose_by_name_and_labels() {
        let up = [("__name__", "up"), ("job", "a\"b")];
        for (selector, want) in [
            ("up", true),
            ("down", false),
            (r#"{job="a\"b"}"#, true),
            (r#"up{job=~"a.*", instance=""}"#, true),
            (r#"up{job!~"a.*"}"#, false),
            (r#"{__name__!="up"}"#, false),
            ("{job=~`a`}", false),
        ] {
            assert_eq!(matches(selector, &up), want, "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["", "rate(up[5m])", "up + 1", "{job}", r#"{job="a"#, "{job=a}"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
