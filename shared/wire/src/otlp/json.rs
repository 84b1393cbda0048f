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

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
