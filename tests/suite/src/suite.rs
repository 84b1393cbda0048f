//! Tests of the whole: that its parts agree with each other, and that the running gateway keeps its promises.
//!
//! `manifest`, `architecture` and `wit` compare files. `rows` is what must hold for every row of the route table:
//! `flow` checks it on test doubles, `e2e` over HTTP against the local runtime, and then with real backends.
//! `management` is what holds for the management API besides. `logs`, `metrics` and `otlp` are what senders are told,
//! `receivers` what they are told of all that other receivers stumble over, `authorize` what proxies are told, and
//! `quotas` how much may be sent.

#![cfg(test)]

mod architecture;
mod authorize;
mod e2e;
mod flow;
mod logs;
mod management;
mod manifest;
mod messages;
mod metrics;
mod otlp;
mod pushed;
mod quotas;
mod receivers;
mod redis;
mod rows;
mod store;
mod tree;
mod wit;
mod writers;
