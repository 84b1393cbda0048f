//! Tests of the whole: that its parts agree with each other, and that the running gateway keeps its promises.
//!
//! `manifest`, `architecture` and `wit` compare files; `flow` sends every row of the route table through the
//! pipeline on test doubles; `e2e` does it over HTTP against the local runtime, then with real backends.

mod architecture;
mod e2e;
mod flow;
mod manifest;
mod tree;
mod wit;
