//! Budgets: limits below a Cockpit's own, for the series and streams that carry certain labels.

use crate::{
    Signal,
    settings::{Numbered, Settings},
};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};

/// The most labels a selector may name. Three tell team, environment and cluster apart, and with [`MOST`] budgets
/// all of a project's labels have a bit of their own in 64.
pub const LABELS: usize = 3;

/// The most budgets of a project.
pub const MOST: usize = 20;

/// The most that may be active: a set of it must fit the memory of an instance.
pub const MOST_ACTIVE: u64 = 4_000_000;

/// The most bytes of a selector's names and values together: the settings are read by every new instance.
pub const TEXT: usize = 1_024;

/// Which series and streams a budget is for: those that carry all of these labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Selector(Vec<(String, String)>);

/// Why labels make no selector. `Display` is public text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorError {
    /// There is no label.
    Empty,
    /// There are more labels than [`LABELS`].
    TooMany,
    /// Names and values are longer than [`TEXT`].
    TooLong,
    /// A label has no name or no value: what has no value is not sent, so nothing would be counted.
    NoValue,
    /// A name stands twice.
    Twice,
}

/// A limit for some of a Cockpit's series or streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Which they are.
    pub selector: Selector,
    /// How many series may be active; as many as the Cockpit's own limit allows if this is `None`.
    pub active_series: Option<u64>,
    /// The same of streams.
    pub active_streams: Option<u64>,
}

/// The budgets of one signal, and the labels to look out for.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    labels: Vec<(String, String)>,
    rows: Vec<Row>,
}

/// One budget, as it is kept.
#[derive(Debug)]
pub(crate) struct Row {
    /// Under which number.
    pub(crate) number: u64,
    /// Its selector.
    pub(crate) selector: String,
    /// How many may be active, by what was chosen.
    limit: u64,
    /// A bit for each of its labels.
    pub(crate) mask: u64,
}

impl Budgets {
    /// Those of a signal.
    pub(crate) fn of(settings: &Settings, signal: Signal) -> Self {
        let mut budgets = Self::default();
        for Numbered { number, budget } in settings.numbered() {
            let Some(limit) = budget.limit(signal) else { continue };
            let mask = budget.selector.labels().iter().fold(0, |mask, label| mask | budgets.bit(label));
            budgets.rows.push(Row { number: *number, selector: budget.selector.to_string(), limit, mask });
        }
        budgets
    }

    /// The bit of a label: that of its place among those to look out for. There is one for each of as many budgets as
    /// there may be.
    fn bit(&mut self, label: &(String, String)) -> u64 {
        let place = self.labels.iter().position(|known| known == label).unwrap_or_else(|| {
            self.labels.push(label.clone());
            self.labels.len().saturating_sub(1)
        });
        1_u64.checked_shl(u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(0)
    }

    /// The labels to look out for, in the order of their bits.
    pub(crate) fn labels(&self) -> &[(String, String)] {
        &self.labels
    }

    /// The bytes that their texts take in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let labels =
            self.labels.iter().fold(0, |sum: usize, (name, value)| sum.saturating_add(name.len() + value.len()));
        self.rows.iter().fold(labels, |sum, row| sum.saturating_add(row.selector.len()))
    }

    /// The budgets.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl Row {
    /// How many may be active in a Cockpit that has room for so many: a budget may be larger, but sets of it need not.
    pub(crate) fn limit(&self, whole: u64) -> u64 {
        self.limit.min(whole)
    }
}

impl Selector {
    /// A selector of these labels, in any order.
    pub fn new(labels: impl IntoIterator<Item = (String, String)>) -> Result<Self, SelectorError> {
        let mut labels: Vec<_> = labels.into_iter().collect();
        labels.sort_unstable();
        let bytes = labels.iter().fold(0, |sum: usize, (name, value)| sum.saturating_add(name.len() + value.len()));
        match () {
            () if labels.is_empty() => Err(SelectorError::Empty),
            () if labels.len() > LABELS => Err(SelectorError::TooMany),
            () if bytes > TEXT => Err(SelectorError::TooLong),
            () if labels.iter().any(|(name, value)| name.is_empty() || value.is_empty()) => Err(SelectorError::NoValue),
            () if labels.is_sorted_by(|(one, _), (other, _)| one < other) => Ok(Self(labels)),
            () => Err(SelectorError::Twice),
        }
    }

    /// Its labels, sorted by name.
    pub fn labels(&self) -> &[(String, String)] {
        &self.0
    }
}

impl Budget {
    /// How many of a signal may be active, if the budget limits that signal.
    pub const fn limit(&self, signal: Signal) -> Option<u64> {
        match signal {
            Signal::Metrics => self.active_series,
            Signal::Logs => self.active_streams,
        }
    }
}

/// As `PromQL` has it: `{env="prod",team="a"}`. The one text of a selector, whatever order its labels came in.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "{" } else { "," })?;
            write!(f, "{name}=\"")?;
            for letter in value.chars() {
                match letter {
                    '"' | '\\' => write!(f, "\\{letter}")?,
                    '\n' => f.write_str("\\n")?,
                    _ => f.write_char(letter)?,
                }
            }
            f.write_char('"')?;
        }
        f.write_char('}')
    }
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("must name at least one label"),
            Self::TooMany => write!(f, "must name at most {LABELS} labels"),
            Self::TooLong => write!(f, "must have at most {TEXT} bytes of names and values"),
            Self::NoValue => f.write_str("must not name a label without a value"),
            Self::Twice => f.write_str("must not name a label twice"),
        }
    }
}

impl std::error::Error for SelectorError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;

    fn selector(labels: &[(&str, &str)]) -> Result<Selector, SelectorError> {
        Selector::new(labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_selector_has_one_text_whatever_the_order_of_its_labels() {
        let one = selector(&[("team", "a"), ("env", "prod")]).unwrap();
        assert_eq!(one, selector(&[("env", "prod"), ("team", "a")]).unwrap());
        assert_eq!(one.to_string(), r#"{env="prod",team="a"}"#);
        assert_eq!(selector(&[("a", "\"\\\n")]).unwrap().to_string(), r#"{a="\"\\\n"}"#);
    }

    #[test]
    fn every_label_of_as_many_budgets_as_there_may_be_has_a_bit_of_its_own() {
        let most = u64::try_from(MOST).unwrap();
        let budgets = (0..most).map(|number| {
            let labels = [("team", number.to_string()), ("env", number.to_string()), ("cluster", "one".to_owned())];
            let selector = Selector::new(labels.map(|(name, value)| (name.to_owned(), value))).unwrap();
            let (active_series, active_streams) = (Some(1), (number == 3).then_some(2));
            Numbered { number, budget: Budget { selector, active_series, active_streams } }
        });
        let settings = Settings::new(Plan::standard(), budgets.collect());
        let series = Budgets::of(&settings, Signal::Metrics);
        assert_eq!((series.rows().len(), series.labels().len()), (MOST, 2 * MOST + 1));
        assert!(series.rows().iter().all(|row| row.mask.count_ones() == 3));
        let streams = Budgets::of(&settings, Signal::Logs);
        assert_eq!((streams.rows()[0].number, streams.rows()[0].limit, streams.labels().len()), (3, 2, 3));
        const { assert!(LABELS * MOST <= 64) };
    }

    #[test]
    fn what_selects_nothing_or_too_much_is_no_selector() {
        for (labels, want) in [
            (&[][..], SelectorError::Empty),
            (&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")], SelectorError::TooMany),
            (&[("a", &*"x".repeat(TEXT))], SelectorError::TooLong),
            (&[("a", "")], SelectorError::NoValue),
            (&[("", "a")], SelectorError::NoValue),
            (&[("a", "1"), ("a", "2")], SelectorError::Twice),
        ] {
            assert_eq!(selector(labels), Err(want), "{labels:?}");
        }
        assert!(selector(&[("a", &*"x".repeat(TEXT - 1))]).is_ok());
    }
}
