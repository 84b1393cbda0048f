use super::*;
use crate::{json::tests::is_twofold, random::Random};
use serde_json::Value as Tree;

#[test]
fn items_are_counted_wherever_the_path_leads() {
    for (text, path, want) in [
        ("{}", LOGS, 0),
        (r#"{"resourceLogs":null}"#, LOGS, 0),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{}},{}]},{"logRecords":[]}]}],"x":[1]}"#, LOGS, 2),
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

/// Logs and metrics, with places for items.
pub(crate) const SHAPES: [&str; 2] = [
    r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"a":[1.5,"\u00e9"]}},ITEM]},{"log_records":ITEM}]}],"o":[true]}"#,
    r#"{"resource_metrics":{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{},ITEM]}},{"sum":{"data_points":[ITEM]}}]}]}}"#,
];

/// Compares the counting, whatever the text is; says whether there is something to count, where a tree has a say.
pub(crate) fn agree(text: &[u8], path: Path) -> Option<bool> {
    const DIFFER: [&str; 6] = [
        "control character",
        "unicode code point",
        "surrogate",
        "number out of range",
        "recursion limit",
        "unexpected end of hex escape",
    ];
    let theirs = match serde_json::from_slice(text) {
        Ok(tree) => reference(&tree, path),
        Err(error) if DIFFER.iter().any(|class| error.to_string().contains(class)) => return None,
        Err(_) => None,
    };
    let (ours, shown) = (count(text, path).ok(), String::from_utf8_lossy(text));
    assert!(ours == theirs || is_twofold(text), "{ours:?}, {theirs:?}: {shown}");
    Some(theirs.is_some())
}

#[test]
fn damaged_requests_get_the_verdict_of_a_tree() {
    let items = ["{}", "{}", "{}", "null", "[]", "[{}]", "1", "\"a\"", "true"];
    let mut random = Random::new(19);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for round in 0..20_000 {
        let (whole, path) = if round % 2 == 0 { (SHAPES[0], LOGS) } else { (SHAPES[1], METRICS) };
        let filled = |text: String, _| text.replacen("ITEM", random.pick(&items), 1);
        let mut text = (0..2).fold(whole.to_owned(), filled).into_bytes();
        for _ in 0..random.below(4) {
            random.damage(&mut text, b"{}[],:\"\\0-1nu");
        }
        match agree(&text, path) {
            Some(true) => accepted += 1,
            Some(false) => refused += 1,
            None => {}
        }
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
