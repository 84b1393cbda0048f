//! Requests of the management API: bodies and query strings, and what their fields may hold.
//!
//! Bodies may be missing, and unknown fields are ignored; what is wrong is named with its place.

use crate::page::{Order, Page};
use cockpit_core::{ProjectId, Refusal, Timestamp, refusal::InvalidReason};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Number;
use std::borrow::Cow;

/// What a UUID looks like, for descriptions: clients that are made of one may not know the format by its name.
pub(crate) const UUID: &str = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";

/// The longest name, in characters.
const MAX_NAME: usize = 255;

/// Reads a JSON body; none at all counts as `{}`.
pub fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let bytes = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    // serde would also take the fields as an array, in an order that nobody promised.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Refusal::Malformed("the body must be a JSON object".into()));
    }
    serde_json::from_slice(bytes)
        .map_err(|cause| Refusal::Malformed(format!("the body is not the JSON object expected: {cause}").into()))
}

/// The parameters of a query string.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The value of a parameter; of a repeated one the last, and none if it is empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last().filter(|value| !value.is_empty())
    }

    /// The values of a parameter that may be repeated.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The project, if one is named.
    pub fn project(&self) -> Result<Option<ProjectId>, Refusal> {
        project(self.values("project_id").last())
    }

    /// Which part of a list.
    pub fn page(&self) -> Result<Page, Refusal> {
        Page::parse(self.value("page"), self.value("page_size"))
    }

    /// How a list is sorted.
    pub fn order(&self, choices: &[(&str, Order)]) -> Result<Order, Refusal> {
        Order::parse(self.value("order_by"), choices)
    }

    /// A boolean, in any case; `None` if it is not there.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Refusal> {
        self.value(name)
            .map(|value| chosen(name, &value.to_lowercase(), &[("true", true), ("false", false)]))
            .transpose()
    }

    /// A moment; `None` if it is not there.
    pub fn moment(&self, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
        self.value(name).map(|value| moment(name, value)).transpose()
    }
}

/// One of these choices by its name.
pub(crate) fn chosen<T: Copy>(argument: &'static str, value: &str, choices: &[(&str, T)]) -> Result<T, Refusal> {
    let found = choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice);
    found.ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        invalid(argument, InvalidReason::Constraint, format!("must be one of {}", names.join(", ")))
    })
}

/// The project of a field, if one is named.
pub(crate) fn project(id: Option<&str>) -> Result<Option<ProjectId>, Refusal> {
    let parse = |id| ProjectId::parse(id).ok_or_else(|| invalid("project_id", InvalidReason::Format, "must be a UUID"));
    id.map(parse).transpose()
}

/// Reads a whole number, which JSON may write as `5` or as `5.0`.
pub(crate) fn whole<'de, D: Deserializer<'de>>(field: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(field)? else { return Ok(None) };
    let text = number.to_string();
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    digits.parse().map(Some).map_err(|_| D::Error::custom(format!("{number} is no whole number of 0 or more")))
}

/// A field that must be there.
pub(crate) fn required<T>(argument: &'static str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| invalid(argument, InvalidReason::Required, "is required"))
}

/// A name: a line of text.
pub(crate) fn name(argument: &'static str, name: Option<String>) -> Result<String, Refusal> {
    let name = required(argument, name.filter(|name| !name.is_empty()))?;
    line(argument, name)
}

/// A line of text, which may be empty.
pub(crate) fn line(argument: &'static str, text: String) -> Result<String, Refusal> {
    if text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        let help = "must have at most 255 characters and no control characters";
        return Err(invalid(argument, InvalidReason::Constraint, help));
    }
    Ok(text)
}

/// A moment, as any of the SDKs writes it.
pub(crate) fn moment(argument: &'static str, text: &str) -> Result<Timestamp, Refusal> {
    crate::time::parse(text)
        .ok_or_else(|| invalid(argument, InvalidReason::Format, "must be a date and time such as 2026-01-31T23:59:59Z"))
}

/// A moment that must not be over.
pub(crate) fn future(argument: &'static str, text: &str, now: Timestamp) -> Result<Timestamp, Refusal> {
    let end = moment(argument, text)?;
    if end > now { Ok(end) } else { Err(invalid(argument, InvalidReason::Constraint, "must be in the future")) }
}

pub(crate) fn invalid(argument: &'static str, reason: InvalidReason, help: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::Invalid { argument, reason, help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    #[test]
    fn a_body_is_an_object_or_nothing() {
        type Any = std::collections::BTreeMap<String, serde_json::Value>;
        for empty in ["", "  ", "{}"] {
            assert!(body::<Any>(empty.as_bytes()).unwrap().is_empty());
        }
        for (json, want) in
            [("[1]", "must be a JSON object"), ("{", "line 1 column 1"), ("null", "must be a JSON object")]
        {
            let text = body::<Any>(json.as_bytes()).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }

    #[test]
    fn a_query_is_read_as_the_sdks_write_it() {
        let query = Query::parse(&format!("project_id={ID}&types=logs&types=metrics&flag=True&empty=&page=2&page=3"));
        assert_eq!(query.project().unwrap().unwrap().to_string(), ID);
        assert_eq!(query.values("types").collect::<Vec<_>>(), ["logs", "metrics"]);
        assert_eq!((query.value("page"), query.value("empty"), query.value("x")), (Some("3"), None, None));
        assert_eq!(query.flag("flag").unwrap(), Some(true));
        assert!(Query::parse("flag=yes").flag("flag").is_err());
        assert!(Query::parse("project_id=x").project().is_err());
    }

    #[test]
    fn names_are_lines() {
        assert!(name("name", Some("agent".into())).is_ok());
        for wrong in [None, Some(String::new()), Some("a\nb".into()), Some("x".repeat(256))] {
            assert!(name("name", wrong.clone()).is_err(), "{wrong:?}");
        }
    }
}
