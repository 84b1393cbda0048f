//! Writes the documentation of the checks: `cargo run -p cockpit-wire --example checks > docs/checks.md`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().write_all(cockpit_wire::checks::documentation().as_bytes())
}
