//! The one place that reads environment variables.

use std::env::{self, VarError};

use crate::fault::Fault;

/// The value of the environment variable `name`.
#[expect(clippy::disallowed_methods, reason = "this is the configuration port of the host")]
pub(crate) fn read(name: &str) -> Result<Option<String>, Fault> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Fault::new(name, "the value is not UTF-8", "set it to UTF-8 text")),
    }
}
