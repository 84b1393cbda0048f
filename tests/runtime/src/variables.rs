//! Application variables and the `{{ name }}` templates that refer to them.

use std::collections::BTreeMap;
use std::fmt;

use crate::fault::Fault;
use crate::manifest::schema::Variable;

/// A variable's value. Any of them may be a secret, so none of them is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// The text itself, for the component that was granted it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

/// The values of the manifest's `[variables]`.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// Gives every declared variable its value: `SPIN_VARIABLE_<NAME>` as answered by
    /// `environment`, else the default, else an error that names the variable.
    pub fn resolve(
        declared: &BTreeMap<String, Variable>,
        environment: impl Fn(&str) -> Result<Option<String>, Fault>,
    ) -> Result<Self, Fault> {
        let mut values = BTreeMap::new();
        for (name, variable) in declared {
            let key = format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase());
            let value = environment(&key)?.or_else(|| variable.default.clone()).ok_or_else(|| {
                Fault::new(
                    format!("[variables] {name}"),
                    "the variable is required and has no value",
                    format!("set the environment variable {key}"),
                )
            })?;
            values.insert(name.clone(), Value(value));
        }
        Ok(Self(values))
    }

    /// Replaces every `{{ name }}` of `template`. The reason for a refusal never quotes a value.
    pub fn expand(&self, template: &Template) -> Result<Value, String> {
        let mut text = String::new();
        for part in &template.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name) => {
                    let value = self.0.get(name).ok_or_else(|| format!("unknown variable {name:?}"))?;
                    text.push_str(&value.0);
                }
            }
        }
        Ok(Value(text))
    }
}

/// Text with `{{ name }}` placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

impl Template {
    /// Splits `text` at its placeholders; an opening `{{` without its `}}` is refused.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, opened)) = rest.split_once("{{") {
            let (name, after) = opened.split_once("}}").ok_or("a '{{' has no matching '}}'".to_owned())?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// Whether there is nothing to replace.
    pub fn is_literal(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Literal(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(default: Option<&str>) -> BTreeMap<String, Variable> {
        let variable =
            Variable { default: default.map(str::to_owned), required: default.is_none(), ..Variable::default() };
        BTreeMap::from([("mimir_url".to_owned(), variable)])
    }

    fn expand(template: &str) -> Result<String, String> {
        let variables = Variables::resolve(&declared(Some("http://m")), |_| Ok(None)).unwrap();
        let value = variables.expand(&Template::parse(template)?)?;
        Ok(value.reveal().to_owned())
    }

    #[test]
    fn placeholders_are_replaced_and_literals_kept() {
        for (template, want) in [
            ("", ""),
            ("plain } text", "plain } text"),
            ("{{mimir_url}}", "http://m"),
            ("a-{{ mimir_url }}-b", "a-http://m-b"),
            ("{{ mimir_url }}{{ mimir_url }}", "http://mhttp://m"),
        ] {
            assert_eq!(expand(template).as_deref(), Ok(want), "{template}");
        }
    }

    #[test]
    fn broken_templates_are_refused() {
        for template in ["{{ mimir_url", "{{ other }}", "{{ mimir_url }} {{", "{{}}"] {
            assert!(expand(template).is_err(), "{template}");
        }
    }

    #[test]
    fn the_environment_beats_the_default() {
        let found = |key: &str| Ok((key == "SPIN_VARIABLE_MIMIR_URL").then(|| "env".to_owned()));
        let variables = Variables::resolve(&declared(Some("default")), found).unwrap();
        let template = Template::parse("{{ mimir_url }}").unwrap();
        assert_eq!(variables.expand(&template).unwrap().reveal(), "env");
    }

    #[test]
    fn a_required_variable_without_a_value_is_named() {
        let fault = Variables::resolve(&declared(None), |_| Ok(None)).unwrap_err().to_string();
        assert!(fault.contains("mimir_url") && fault.contains("SPIN_VARIABLE_MIMIR_URL"), "{fault}");
    }

    #[test]
    fn a_value_never_shows_in_debug_output() {
        let variables = Variables::resolve(&declared(Some("hush")), |_| Ok(None)).unwrap();
        assert!(!format!("{variables:?}").contains("hush"));
    }
}
