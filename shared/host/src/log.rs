//! The log: a component's standard error, which every host shows its operator.

use crate::Host;
use cockpit_core::ports::Log;

impl Log for Host {
    fn line(&self, line: &str) {
        eprintln!("{line}");
    }
}
