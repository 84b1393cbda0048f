//! Limits as `explain` shows them.

use cockpit_quota::meter::Used;
use cockpit_wire::explain::Usage;

/// How much of a limit is used, as it is shown.
pub fn shown(used: Used) -> Usage {
    let Used { owner, what, used, limit, window } = used;
    Usage { owner, what, used, limit, window_seconds: Some(window).filter(|window| *window > 0) }
}
