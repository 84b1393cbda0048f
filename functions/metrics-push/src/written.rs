//! How much was written, as senders want to know it: those of version 2.0 take an answer that does not say for a loss.

use crate::media::Version;
use bytes::Bytes;
use cockpit_core::Body;
use cockpit_wire::{remote_write::Contents, report::Report};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

const SAMPLES: HeaderName = HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS: HeaderName = HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS: HeaderName = HeaderName::from_static("x-prometheus-remote-write-exemplars-written");

/// How many samples, histograms and exemplars are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    samples: usize,
    histograms: usize,
    exemplars: usize,
}

impl From<&Contents> for Written {
    fn from(contents: &Contents) -> Self {
        let &Contents { samples, histograms, exemplars, .. } = contents;
        Self { samples, histograms, exemplars }
    }
}

impl Written {
    /// What is written of a push that the backend took what was `kept` of; `None` if nobody can say. Those of 1.0 are
    /// answered by backends that do not count, while of 2.0 such a backend stores nothing.
    pub fn of(version: Version, kept: &Contents, answer: &HeaderMap) -> Option<Self> {
        Self::told(answer).or_else(|| (version == Version::One).then(|| kept.into()))
    }

    /// What a backend says, if it does; what it leaves out is none.
    fn told(answer: &HeaderMap) -> Option<Self> {
        let told = |name| answer.get(name).map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
        let all = [SAMPLES, HISTOGRAMS, EXEMPLARS].map(told);
        let [samples, histograms, exemplars] = all.map(|count| count.flatten().unwrap_or_default());
        all.iter().any(Option::is_some).then_some(Self { samples, histograms, exemplars })
    }

    /// The same with exemplars that were cut and of which the sender is not told: they count as received, as backends
    /// count those that they drop themselves, or Prometheus would complain of each push.
    pub fn with_silent(self, sent: &Contents, report: &Report) -> Self {
        Self { exemplars: self.exemplars.saturating_add(report.silent()).min(sent.exemplars), ..self }
    }

    /// Samples of both kinds.
    pub const fn values(&self) -> usize {
        self.samples.saturating_add(self.histograms)
    }

    /// Says so.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let Self { samples, histograms, exemplars } = *self;
        for (name, count) in [(SAMPLES, samples), (HISTOGRAMS, histograms), (EXEMPLARS, exemplars)] {
            headers.insert(name, HeaderValue::from(count));
        }
    }
}

/// An answer of our own: at most one line of text.
pub fn response(status: StatusCode, line: &str, written: &Written) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    written.tell(response.headers_mut());
    if !line.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        *response.body_mut() = Body::from_bytes(Bytes::from(format!("{line}\n")));
    }
    response
}
