//! Line filters: `|= "x"`, `!= "x"`, `|~ "re"`, `!~ "re"`.

use crate::selector::quoted;
use regex_lite::Regex;

/// A chain of filters.
pub(crate) struct Filters(Vec<Filter>);

struct Filter {
    kind: Kind,
    wanted: bool,
}

enum Kind {
    Contains(String),
    Matches(Regex),
}

impl Filters {
    /// Parses what follows a stream selector.
    pub(crate) fn parse(mut text: &str) -> Result<Self, String> {
        let mut filters = Vec::new();
        loop {
            text = text.trim_start();
            if text.is_empty() {
                return Ok(Self(filters));
            }
            let (operator, rest) = text.split_at_checked(2).ok_or("a line filter is expected")?;
            let (value, rest) = quoted(rest.trim_start())?;
            let kind = match operator {
                "|=" | "!=" => Kind::Contains(value),
                "|~" | "!~" => Kind::Matches(Regex::new(&value).map_err(|error| error.to_string())?),
                other => return Err(format!("not understood: {other}")),
            };
            filters.push(Filter { kind, wanted: operator.starts_with('|') });
            text = rest;
        }
    }

    /// Whether a line passes all of them.
    pub(crate) fn pass(&self, line: &str) -> bool {
        self.0.iter().all(|filter| {
            filter.wanted
                == match &filter.kind {
                    Kind::Contains(text) => line.contains(text),
                    Kind::Matches(pattern) => pattern.is_match(line),
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_chain() {
        let filters = Filters::parse(r#" |= "error" != "debug" |~ "code=5\\d\\d" "#).unwrap();
        assert!(filters.pass("error code=503"));
        assert!(!filters.pass("error code=404"));
        assert!(!filters.pass("debug error code=503"));
        assert!(Filters::parse("| json").is_err());
    }
}
