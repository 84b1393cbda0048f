//! One request between its acceptance and the last byte of its answer.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::clock;

/// Holds the request's place among those in flight, and counts what it does.
pub(crate) struct InFlight {
    _place: OwnedSemaphorePermit,
    worker: OnceLock<Arc<Progress>>,
    reads: AtomicU32,
    writes: AtomicU32,
    left: watch::Sender<bool>,
}

impl InFlight {
    pub(crate) fn new(place: OwnedSemaphorePermit) -> Arc<Self> {
        let (reads, writes) = Default::default();
        Arc::new(Self { _place: place, worker: OnceLock::new(), reads, writes, left: watch::Sender::new(false) })
    }

    /// Waits until whoever asked has left before the end of the answer.
    pub(crate) async fn left(&self) {
        let mut left = self.left.subscribe();
        // The sender is this request's own, so there is one for as long as this waits.
        drop(left.wait_for(|left| *left).await);
    }

    /// The worker that serves the request has accepted it.
    pub(crate) fn accepted_by(&self, worker: &Arc<Progress>) {
        drop(self.worker.set(Arc::clone(worker)));
    }

    /// A part of the answer went out.
    pub(crate) fn advanced(&self) {
        if let Some(worker) = self.worker.get() {
            worker.advanced.store(clock::stamp(), Ordering::Relaxed);
        }
    }

    /// Whether the worker that serves the request ended before its time.
    pub(crate) fn has_failed(&self) -> bool {
        self.worker.get().is_some_and(|worker| worker.failed.load(Ordering::Acquire))
    }

    pub(crate) fn count(&self, is_write: bool) {
        let counter = if is_write { &self.writes } else { &self.reads };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Store operations so far: reads, writes.
    pub(crate) fn operations(&self) -> (u32, u32) {
        (self.reads.load(Ordering::Relaxed), self.writes.load(Ordering::Relaxed))
    }
}

/// Whoever waits for the answer of a request. If it is dropped before it is told otherwise, they have left, and nothing
/// is sent for them any more.
pub(crate) struct Caller(Option<Arc<InFlight>>);

impl Caller {
    pub(crate) fn new(request: &Arc<InFlight>) -> Self {
        Self(Some(Arc::clone(request)))
    }

    /// The request, if the answer is not over.
    pub(crate) fn request(&self) -> Option<&Arc<InFlight>> {
        self.0.as_ref()
    }

    /// The answer is over.
    pub(crate) fn served(&mut self) {
        self.0 = None;
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some(request) = &self.0 {
            request.left.send_replace(true);
        }
    }
}

/// What the answers of a worker need to know of it, and it of them.
#[derive(Default)]
pub(crate) struct Progress {
    advanced: AtomicU64,
    failed: AtomicBool,
}

impl Progress {
    /// When a part of an answer last went out.
    pub(crate) fn last(&self) -> Instant {
        clock::moment(self.advanced.load(Ordering::Relaxed))
    }

    /// The worker ended before its time, and with it every answer that was not complete.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }
}
