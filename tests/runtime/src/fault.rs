//! Why the runtime cannot start.

use std::fmt;

/// A start-up error that tells the operator what is wrong, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    place: String,
    what: String,
    remedy: String,
}

impl Fault {
    /// A fault at `place` (a file, a manifest table, a flag).
    pub fn new(place: impl Into<String>, what: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.to_string(), remedy: remedy.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what.trim_end())?;
        write!(f, "\n  to mend: {}", self.remedy)
    }
}

impl std::error::Error for Fault {}
