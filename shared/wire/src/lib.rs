//! Walking the wire formats that senders push, without building anything owned from them.
//!
//! Bytes in, verdicts out. Every length is checked before it is believed, every loop consumes input, and
//! what is left over is an error. Start reading at [`remote_write`]; [`protobuf`] is the reader it stands on.

#![forbid(unsafe_code)]
#![warn(clippy::arithmetic_side_effects)]

pub mod protobuf;
pub mod remote_write;
pub mod snappy;
