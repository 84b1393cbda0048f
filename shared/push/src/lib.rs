//! What push functions do alike, whatever the signal and the protocol: between the walkers that know the bytes and the
//! meter that knows the limits.
//!
//! Not allowed here: to look at what a push says. [`Counted`] lets the meter decide on series and streams, [`refused`]
//! tells it what was cut out, [`charged`] and [`relayed`] what came of the push, and [`with_usage`] sends what it learnt
//! about usage to the metrics backend.

#![forbid(unsafe_code)]

mod counted;
mod explain;
mod paid;
mod usage;
mod variables;

pub use counted::{Counted, refused, uncut};
pub use explain::{explained, meter};
pub use paid::{charged, relayed};
pub use usage::with_usage;
pub use variables::{destination, limits};
