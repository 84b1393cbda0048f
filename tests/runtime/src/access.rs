//! The access log: one line of JSON per request, without anything that could be a credential.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::{Request, StatusCode};
use serde::Serialize;

use crate::clock;
use crate::in_flight::InFlight;
use crate::log;

/// What is known about a request; written when it is dropped, which is when the answer is over.
pub(crate) struct Entry {
    line: Line,
    start: Instant,
    received: Arc<AtomicU64>,
    /// The source of the counts of store operations, where they are wanted.
    operations: Option<Arc<InFlight>>,
}

#[derive(Serialize)]
struct Line {
    method: String,
    /// Without the query, which may hold a credential.
    path: String,
    status: u16,
    component: Option<String>,
    duration_ms: f64,
    bytes_in: u64,
    bytes_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    kv_reads: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kv_writes: Option<u32>,
}

impl Entry {
    /// Begins the entry of `request`.
    pub(crate) fn begin<B>(request: &Request<B>) -> Self {
        let line = Line {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            status: 0,
            component: None,
            duration_ms: 0.0,
            bytes_in: 0,
            bytes_out: 0,
            kv_reads: None,
            kv_writes: None,
        };
        Self { line, start: clock::now(), received: Arc::default(), operations: None }
    }

    pub(crate) fn component(&mut self, id: &str) {
        self.line.component = Some(id.to_owned());
    }

    pub(crate) fn status(&mut self, status: StatusCode) {
        self.line.status = status.as_u16();
    }

    /// The counter of the request body's bytes.
    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    pub(crate) fn sent(&mut self, bytes: u64) {
        self.line.bytes_out = self.line.bytes_out.saturating_add(bytes);
    }

    /// Report the store operations of `request` too.
    pub(crate) fn operations(&mut self, request: &Arc<InFlight>) {
        self.operations = Some(Arc::clone(request));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let duration = clock::now().duration_since(self.start);
        self.line.duration_ms = (duration.as_secs_f64() * 1e6).round() / 1e3;
        self.line.bytes_in = self.received.load(Ordering::Relaxed);
        if let Some(request) = &self.operations {
            let (reads, writes) = request.operations();
            self.line.kv_reads = Some(reads);
            self.line.kv_writes = Some(writes);
        }
        if let Ok(line) = serde_json::to_string(&self.line) {
            log::line(line);
        }
    }
}
