//! Lines on stderr, each in one write so that those of several threads do not mix.

use std::fmt::Display;
use std::io::Write as _;

/// Writes `text` and a newline. A stderr that is gone is no reason to stop serving.
pub(crate) fn line(text: impl Display) {
    let text = format!("{text}\n");
    drop(std::io::stderr().write_all(text.as_bytes()));
}
