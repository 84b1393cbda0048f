//! A project's Alertmanager configuration, as Mimir stores it: a text of its own in YAML, beside its templates.

use crate::yaml::{Node, Wrong, clip, parse, wrong};

/// The most values in a configuration.
const NODES: usize = 50_000;

/// The fields of what is uploaded.
const UPLOAD: &[&str] = &["alertmanager_config", "template_files"];

/// The fields of Alertmanager's own configuration.
const CONFIGURATION: &[&str] =
    &["global", "templates", "route", "inhibit_rules", "receivers", "mute_time_intervals", "time_intervals", "tracing"];

/// Checks what is uploaded.
pub fn check(text: &str) -> Result<(), Wrong> {
    let upload = parse(text, NODES)?;
    upload.knows("the upload", UPLOAD)?;
    if let Some(templates) = upload.get("template_files").filter(|node| node.text("") != Ok("")) {
        templates.is_text_map("template_files")?;
    }
    let configuration = upload.get("alertmanager_config");
    let configuration = configuration.ok_or_else(|| wrong(upload.line, "alertmanager_config is missing"))?;
    let text = configuration.text("alertmanager_config")?;
    check_configuration(text).map_err(|Wrong { line, what }| {
        wrong(configuration.line, format!("in line {line} of alertmanager_config: {what}"))
    })
}

fn check_configuration(text: &str) -> Result<(), Wrong> {
    let root = parse(text, NODES)?;
    root.knows("the configuration", CONFIGURATION)?;
    let names = receivers(&root)?;
    let route = root.get("route").ok_or_else(|| wrong(root.line, "the configuration has no route"))?;
    route.map("route")?;
    let receiver = route.get("receiver").ok_or_else(|| wrong(route.line, "the route has no receiver"))?;
    let name = receiver.text("receiver")?;
    match names.contains(&name) {
        true => Ok(()),
        false => Err(wrong(receiver.line, format!("no receiver has the name {}", clip(name)))),
    }
}

fn receivers(root: &Node) -> Result<Vec<&str>, Wrong> {
    let receivers = root.get("receivers").ok_or_else(|| wrong(root.line, "the configuration has no receivers"))?;
    let mut names = Vec::new();
    for receiver in receivers.list("receivers")? {
        receiver.map("a receiver")?;
        let name =
            receiver.get("name").ok_or_else(|| wrong(receiver.line, "the receiver has no name"))?.text("name")?;
        if names.contains(&name) {
            return Err(wrong(receiver.line, format!("two receivers have the name {}", clip(name))));
        }
        names.push(name);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
template_files:
  mail.tmpl: '{{ define \"a\" }}b{{ end }}'
alertmanager_config: |
  route:
    receiver: team
  receivers:
    - name: team
";

    #[test]
    fn a_configuration_passes() {
        for text in [GOOD, &GOOD.replacen("  mail.tmpl: '{{ define \"a\" }}b{{ end }}'\n", "", 1)] {
            assert_eq!(check(text), Ok(()));
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (from, to, want) in [
            ("alertmanager_config: |", "alertmanager_conf: |", "line 3: the upload has the unknown field"),
            ("template_files:\n  ", "template_files:\n  - ", "line 2: template_files must be a mapping"),
            (
                "  route:\n",
                "  rout:\n",
                "line 4: in line 1 of alertmanager_config: the configuration has the unknown field rout;",
            ),
            ("receiver: team", "receiver: other", "in line 2 of alertmanager_config: no receiver has the name other"),
            ("receiver: team", "group_by: [a]", "in line 2 of alertmanager_config: the route has no receiver"),
            ("- name: team", "- name: team\n    - name: team", "in line 5 of alertmanager_config: two receivers"),
            ("  receivers:\n    - name: team\n", "", "in line 1 of alertmanager_config: the configuration has no rec"),
            ("  route:", "  route: [", "of alertmanager_config: "),
            ("alertmanager_config: |", "alertmanager_config:", "alertmanager_config must be a text"),
        ] {
            let refused = check(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(refused.contains(want), "{from} -> {to}: {refused}");
        }
        assert!(check("").is_err() && check("text").is_err() && check("template_files: {a: b}").is_err());
    }
}
