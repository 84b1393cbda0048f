//! A judge for tests.

use super::{Entry, Judge, Stream};
use crate::random::Random;

/// Remembers what it is told, and keeps what the randomness of a seed says.
pub(super) struct Recorder {
    pub(super) seen: Vec<String>,
    keep: Random,
    of_four: usize,
}

impl Recorder {
    pub(super) fn new(seed: u64, of_four: usize) -> Self {
        Self { seen: Vec::new(), keep: Random::new(seed), of_four }
    }

    fn decide(&mut self, what: String) -> bool {
        self.seen.push(what);
        self.keep.below(4) < self.of_four
    }
}

impl Judge for Recorder {
    fn longest_labels(&self) -> usize {
        1000
    }

    fn restart(&mut self) {
        self.seen.clear();
    }

    fn stream(&mut self, stream: &Stream<'_>) -> bool {
        self.decide(format!("{:?}", (stream.labels, stream.entries)))
    }

    fn entry(&mut self, entry: &Entry) -> bool {
        self.decide(format!("{entry:?}"))
    }
}
