//! The answer to `explain=true`: what would be refused of a push and why, as JSON.

use crate::{
    checks::{CHECKS, Limit, Limits},
    report::{Reason, Report},
};
use serde::Serialize;
use std::borrow::Cow;

/// What would become of a push.
#[derive(Debug, Serialize)]
pub struct Explanation<'r> {
    /// How many samples or entries it has.
    pub received: u64,
    /// How many of them would be stored.
    pub stored: u64,
    /// Why the others would not.
    pub refused: Vec<Explained<'r>>,
    /// How much of each limit of the Cockpit, its budgets and the token is used already.
    pub usage: Vec<Usage>,
}

/// How much of a limit is used.
#[derive(Debug, Serialize)]
pub struct Usage {
    /// Whose limit it is.
    pub owner: Cow<'static, str>,
    /// What is limited.
    pub what: &'static str,
    /// How many were sent in this window, or exist.
    pub used: u64,
    /// How many there may be.
    pub limit: u64,
    /// Seconds of a window, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u64>,
}

/// One reason.
#[derive(Debug, Serialize)]
pub struct Explained<'r> {
    id: &'static str,
    message: &'static str,
    count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<InForce>,
    examples: Vec<&'r str>,
}

#[derive(Debug, Serialize)]
struct InForce {
    name: &'static str,
    value: u64,
    unit: &'static str,
}

impl<'r> Explanation<'r> {
    /// Explains a report that was made under these limits.
    pub fn new(report: &'r Report, limits: &Limits, received: u64, stored: u64) -> Self {
        let refused = report.reasons().map(|reason| Explained::new(reason, limits)).collect();
        Self { received, stored, refused, usage: Vec::new() }
    }

    /// The same with what is used of other limits.
    pub fn with(mut self, usage: impl IntoIterator<Item = Usage>) -> Self {
        self.usage.extend(usage);
        self
    }
}

impl<'r> Explained<'r> {
    fn new(reason: Reason<'r>, limits: &Limits) -> Self {
        let row = CHECKS.iter().find(|row| row.check == reason.check);
        let limit = row.and_then(|row| row.limit).map(|limit| InForce::new(limit, limits));
        let (id, message) = (reason.check.id(), reason.check.message());
        Self { id, message, count: reason.count, limit, examples: reason.examples }
    }
}

impl InForce {
    fn new(limit: Limit, limits: &Limits) -> Self {
        Self { name: limit.name(), value: limits.value(limit), unit: limit.unit() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Check;

    #[test]
    fn each_reason_stands_with_its_limit_and_some_offenders() {
        let limits = Limits::default().with(Limit::LineSize, 7);
        let mut report = Report::default();
        (0..5).for_each(|index| report.note(Check::LineTooLong, || index.to_string()));
        report.note(Check::DuplicateStreamLabelNames, || "a".into());
        let want = serde_json::json!({"received": 9, "stored": 3, "refused": [
            {"id": "duplicate_label_names", "message": "a label name stands twice", "count": 1, "examples": ["a"]},
            {"id": "line_too_long", "message": "a line is too long", "count": 5,
             "limit": {"name": "max-line-size", "value": 7, "unit": "bytes"}, "examples": ["0", "1", "2"]},
        ], "usage": [{"owner": "cockpit", "what": "series", "used": 1, "limit": 2}]});
        let usage = Usage { owner: "cockpit".into(), what: "series", used: 1, limit: 2, window_seconds: None };
        assert_eq!(serde_json::to_value(Explanation::new(&report, &limits, 9, 3).with([usage])).unwrap(), want);
    }
}
