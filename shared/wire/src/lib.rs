//! Walking the wire formats that senders push, without building anything owned from them.
//!
//! Bytes in, verdicts out. Every length is checked before it is believed, every loop consumes input, and
//! what is left over is an error. Start reading at [`remote_write`] or [`loki`]; [`protobuf`] and [`json`] are the
//! readers they stand on, [`snappy`] and [`inflate`] come before them, and [`patch`] cuts out what is refused.
//! What is refused is a row of [`checks`]; a [`report`] tells it the sender.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
#![cfg_attr(
    any(test, fuzzing),
    allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests, which a fuzzer uses as well")
)]
#![cfg_attr(fuzzing, allow(dead_code, unused_imports, reason = "what only tests use"))]

pub mod checks;
pub mod explain;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod identity;
pub mod inflate;
pub mod json;
pub mod loki;
pub mod otlp;
pub mod patch;
pub mod protobuf;
pub mod remote_write;
pub mod report;
mod siphash;
pub mod snappy;
mod words;

#[cfg(any(test, fuzzing))]
mod random;
#[cfg(any(test, fuzzing))]
mod scramble;
