//! Groups of recording and alerting rules, as Prometheus, Mimir and Loki have them.

use crate::yaml::{Entry, Node, Wrong, clip, parse, wrong};

/// The most values in a group: a rule has ten or twenty.
const GROUP_NODES: usize = 50_000;

/// The most values in all the groups of a project.
const LIST_NODES: usize = 500_000;

/// The fields of a group: Prometheus's, then Mimir's, then the one that mimirtool knows besides.
const GROUP: &[&str] = &[
    "name",
    "interval",
    "query_offset",
    "limit",
    "labels",
    "rules",
    "evaluation_delay",
    "align_evaluation_time_on_interval",
    "source_tenants",
    "remote_write",
];

/// The fields of a rule.
const RULE: &[&str] = &["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

/// The published limits of the product that this API comes from, which are Mimir's defaults too: rules of a group, and
/// groups of a project.
pub const RULES_PER_GROUP: usize = 20;
/// See [`RULES_PER_GROUP`].
pub const GROUPS: usize = 70;

/// Checks a group of at most `most` rules, 0 for any number, and returns its name.
pub fn check(text: &str, most: usize) -> Result<String, Wrong> {
    let group = parse(text, GROUP_NODES)?;
    group.knows("the group", GROUP)?;
    let name = group.get("name").map_or(Ok(""), |name| name.text("name"))?;
    if name.is_empty() {
        return Err(wrong(group.line, "the group has no name"));
    }
    if let Some(labels) = group.get("labels") {
        labels.is_text_map("labels")?;
    }
    let rules = group.get("rules").ok_or_else(|| wrong(group.line, "the group has no rules"))?;
    let list = rules.list("rules")?;
    match list.get(most) {
        None if list.is_empty() => return Err(wrong(rules.line, "the group has no rules")),
        Some(rule) if most > 0 => {
            return Err(wrong(rule.line, format!("the group has {} rules, the most is {most}", list.len())));
        }
        _ => {}
    }
    list.iter().try_for_each(|rule| check_rule(rule))?;
    Ok(name.to_owned())
}

fn check_rule(rule: &Node) -> Result<(), Wrong> {
    rule.knows("the rule", RULE)?;
    let text = |field| rule.get(field).map_or(Ok(""), |node| node.text(field));
    match (text("record")?, text("alert")?) {
        ("", "") => return Err(wrong(rule.line, "the rule needs one of record and alert")),
        (_, "") | ("", _) => {}
        _ => return Err(wrong(rule.line, "the rule has both record and alert")),
    }
    if text("expr")?.trim().is_empty() {
        return Err(wrong(rule.line, "the rule has no expr"));
    }
    for field in ["for", "keep_firing_for"] {
        text(field)?;
    }
    for field in ["labels", "annotations"] {
        if let Some(node) = rule.get(field).filter(|node| node.text(field) != Ok("")) {
            node.is_text_map(field)?;
        }
    }
    Ok(())
}

/// The groups that a backend has.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored(Vec<(String, String)>);

impl Stored {
    /// Reads the list that a ruler gives: groups by namespace.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let root = parse(text, LIST_NODES)?;
        let mut groups = Vec::new();
        for Entry { key: namespace, node, .. } in root.map("the list")? {
            for group in node.list(clip(namespace))? {
                let name = group.get("name").map_or(Ok(""), |name| name.text("name"))?;
                groups.push((namespace.clone(), name.to_owned()));
            }
        }
        Ok(Self(groups))
    }

    /// None.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether one more group of this name and namespace would be more than `most`; 0 is any number.
    pub fn is_full(&self, most: usize, namespace: &str, name: &str) -> bool {
        let replaces = self.0.iter().any(|(known, group)| known == namespace && group == name);
        most > 0 && self.0.len() >= most && !replaces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
name: node
interval: 1m
rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {team: 7}
  - alert: Down
    expr: up == 0
    for: 5m
    annotations:
      summary: \"{{ $labels.instance }} is down\"
";

    #[test]
    fn a_group_as_prometheus_knows_it_passes() {
        assert_eq!(check(GOOD, 2).as_deref(), Ok("node"));
        let shared = "name: a\nrules:\n- &r {record: a, expr: b, labels: &l {c: d}}\n- {<<: *r, record: e}";
        assert_eq!(check(shared, 0).as_deref(), Ok("a"));
        assert_eq!(
            check("---\nname: a\nsource_tenants: [b]\nrules: [{alert: a, expr: '1', labels: }]", 20).unwrap(),
            "a"
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let with = |from: &str, to: &str| GOOD.replacen(from, to, 1);
        for (text, line, what) in [
            (with("alert: Down", "alrt: Down"), 7, "unknown field alrt"),
            (with("interval", "intervall"), 2, "unknown field intervall"),
            (with("expr: up == 0", "expr:"), 7, "no expr"),
            (with("alert: Down", "alert: Down\n    record: x"), 7, "both"),
            (with("alert: Down", "for: 1m"), 9, "for stands twice"),
            (with("name: node", "name: ''"), 1, "no name"),
            (with("name: node\n", ""), 1, "no name"),
            (with("{team: 7}", "[team]"), 6, "labels must be a mapping"),
            (with("{team: 7}", "{team: [a]}"), 6, "labels.team must be a text"),
            (with("rules:", "rules: [\nrule:"), 4, ""),
            ("name: a\nrules: []".into(), 2, "no rules"),
            ("name: a".into(), 1, "no rules"),
            ("just text".into(), 1, "must be a mapping"),
        ] {
            let refused = check(&text, 20).unwrap_err();
            assert!(refused.line == line && refused.what.contains(what), "{text}: {refused}");
        }
        let refused = check(GOOD, 1).unwrap_err();
        assert_eq!(refused.to_string(), "line 7: the group has 2 rules, the most is 1");
    }

    #[test]
    fn a_project_is_full_at_its_limit_but_what_is_there_may_be_replaced() {
        let stored = Stored::parse("a/b:\n- {name: x, rules: []}\n- {name: y}\nc:\n- name: x\n").unwrap();
        for (most, namespace, name, full) in [
            (3, "c", "z", true),
            (3, "a/b", "z", true),
            (3, "a/b", "x", false),
            (4, "c", "z", false),
            (0, "c", "z", false),
        ] {
            assert_eq!(stored.is_full(most, namespace, name), full, "{most} {namespace} {name}");
        }
        assert_eq!(Stored::parse("{}\n"), Ok(Stored::none()));
        assert!(Stored::parse("<html>").is_err());
    }
}
