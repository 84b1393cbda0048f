//! The way to the items in JSON: names of members, level by level.

use crate::json::{Cursor, JsonError, Kind};

/// The names of a member on each level; readers of protobuf's JSON take either spelling.
pub(super) type Path = &'static [&'static [&'static str]];

pub(super) const LOGS: Path =
    &[&["resourceLogs", "resource_logs"], &["scopeLogs", "scope_logs"], &["logRecords", "log_records"]];

pub(super) const METRICS: Path = &[
    &["resourceMetrics", "resource_metrics"],
    &["scopeMetrics", "scope_metrics"],
    &["metrics"],
    &["gauge", "sum", "histogram", "exponentialHistogram", "exponential_histogram", "summary"],
    &["dataPoints", "data_points"],
];

/// How many objects there are at the end of the path.
pub(super) fn count(text: &[u8], path: Path) -> Result<usize, JsonError> {
    let mut cursor = Cursor::new(text, 0);
    let counted = object(&mut cursor, path)?;
    if cursor.start() == text.len() { Ok(counted) } else { Err(JsonError { wanted: "the end", at: cursor.end() }) }
}

fn object(cursor: &mut Cursor<'_>, path: Path) -> Result<usize, JsonError> {
    let Some((names, rest)) = path.split_first() else {
        return cursor.value()?.expect(Kind::Object, "an object").map(|_| 1);
    };
    let mut counted = 0_usize;
    cursor.object("an object", |name, cursor| {
        let name = name.text()?;
        if names.iter().any(|known| known.as_bytes() == name.as_ref()) {
            counted = counted.saturating_add(objects(cursor, rest)?);
            return Ok(());
        }
        cursor.value().map(drop)
    })?;
    Ok(counted)
}

/// One object, an array of them, or `null` for neither.
fn objects(cursor: &mut Cursor<'_>, path: Path) -> Result<usize, JsonError> {
    match cursor.kind() {
        Kind::Null => cursor.value().map(|_| 0),
        Kind::Array => {
            let mut counted = 0_usize;
            cursor.array("an array", |cursor| {
                counted = counted.saturating_add(object(cursor, path)?);
                Ok(())
            })?;
            Ok(counted)
        }
        Kind::Bool | Kind::Number | Kind::String | Kind::Object => object(cursor, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, rounds};
    use serde_json::Value as Tree;

    #[test]
    fn items_are_counted_wherever_the_path_leads() {
        for (text, path, want) in [
            ("{}", LOGS, 0),
            (r#"{"resourceLogs":null}"#, LOGS, 0),
            (
                r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{}},{}]},{"logRecords":[]}]}],"x":[1]}"#,
                LOGS,
                2,
            ),
            (r#"{"resource_logs":[{"scope_logs":[{"log_records":[{}]}]}]}"#, LOGS, 1),
            (r#"{"resourceLogs":[{"scopeLogs":[{"log\u0052ecords":[{}]}]}]} "#, LOGS, 1),
            (
                r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","gauge":{"dataPoints":[{},{}]}},
                 {"summary":{"dataPoints":[{}]}},{"sum":{}}]}]}]}"#,
                METRICS,
                3,
            ),
            (r#"{"dataPoints":[{}]}"#, METRICS, 0),
        ] {
            assert_eq!(count(text.as_bytes(), path), Ok(want), "{text}");
        }
    }

    /// The counting once more, over a tree.
    fn reference(tree: &Tree, path: Path) -> Option<usize> {
        let members = tree.as_object()?;
        let Some((names, rest)) = path.split_first() else { return Some(1) };
        let wanted = members.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value);
        wanted.map(|value| elements(value, rest)).sum()
    }

    fn elements(value: &Tree, path: Path) -> Option<usize> {
        match value {
            Tree::Null => Some(0),
            Tree::Array(values) => values.iter().map(|value| reference(value, path)).sum(),
            other => reference(other, path),
        }
    }

    #[test]
    fn damaged_requests_get_the_verdict_of_a_tree() {
        const DIFFER: [&str; 5] = [
            "control character",
            "unicode code point",
            "surrogate",
            "number out of range",
            "unexpected end of hex escape",
        ];
        let logs = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"a":[1.5,"\u00e9"]}},ITEM]},{"log_records":ITEM}]}],"o":[true]}"#;
        let metrics = r#"{"resource_metrics":{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{},ITEM]}},{"sum":{"data_points":[ITEM]}}]}]}}"#;
        let items = ["{}", "{}", "{}", "null", "[]", "[{}]", "1", "\"a\"", "true"];
        let mut random = Random::new(19);
        let (mut refused, mut accepted) = (0_u32, 0_u32);
        for round in 0..rounds(20_000) {
            let (whole, path) = if round % 2 == 0 { (logs, LOGS) } else { (metrics, METRICS) };
            let filled = |text: String, _| text.replacen("ITEM", random.pick(&items), 1);
            let mut text = (0..2).fold(whole.to_owned(), filled).into_bytes();
            for _ in 0..random.below(4) {
                random.damage(&mut text, b"{}[],:\"\\0-1nu");
            }
            let shown = String::from_utf8_lossy(&text);
            let theirs = match serde_json::from_slice(&text) {
                Ok(tree) => reference(&tree, path),
                Err(error) if DIFFER.iter().any(|class| error.to_string().contains(class)) => continue,
                Err(_) => None,
            };
            assert_eq!(count(&text, path).ok(), theirs, "{shown}");
            *if theirs.is_some() { &mut accepted } else { &mut refused } += 1;
        }
        assert!(refused > 5_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
    }

    #[test]
    fn what_is_no_json_or_no_object_is_refused() {
        let deep = format!(r#"{{"x":{}}}"#, "[".repeat(1000));
        let logs = r#"{"resourceLogs":[[{}]]}"#;
        let texts = ["", "[]", "1", "{", "{}{}", r#"{"resourceLogs":[1]}"#, r#"{"resourceLogs":"a"}"#, logs, &deep];
        for text in texts {
            assert!(count(text.as_bytes(), LOGS).is_err(), "{text}");
        }
    }
}
