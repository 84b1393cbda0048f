//! The running gateway, over HTTP.
//!
//! Against the sandbox first, because only a stand-in fails on demand; then against real backends.

mod cancel;
mod client;
mod clients;
mod durability;
mod faults;
mod gateway;
mod load;
mod logs;
mod metric_senders;
mod nginx;
mod openapi;
mod payload;
mod process;
mod prometheus;
mod quickstart;
mod readers;
mod rules;
mod senders;
mod table;
mod tail;
mod websocket;

pub(crate) use process::{Process, free_port, fresh_folder};
