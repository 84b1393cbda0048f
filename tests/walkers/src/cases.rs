//! How fast pushes are read: each walker beside a generated decoder of the same bytes.
//!
//! The cases are measured in two ways: by one program (`main.rs`) on the machine and inside wasm, and on the machine by
//! criterion (`bench.rs`), which compares with an earlier run. Start reading at [`metrics::cases`] and [`logs::cases`].

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement may stop")]

pub mod logs;
pub mod metrics;

use std::fmt;

/// Something to measure.
pub struct Case {
    /// What is done.
    pub name: &'static str,
    /// How many bytes it does it to, uncompressed.
    pub bytes: usize,
    /// How many samples or entries those hold.
    pub items: usize,
    /// Does it; what it returns must not be optimised away.
    pub run: Box<dyn Fn() -> usize>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Those whose names have this in them.
pub fn cases(wanted: &str) -> impl Iterator<Item = Case> {
    metrics::cases().into_iter().chain(logs::cases()).filter(move |case| case.name.contains(wanted))
}
