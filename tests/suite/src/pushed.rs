//! A push on test doubles: what its sender is told, and what the backend sees.

use crate::{
    flow::World,
    rows::{Answer, Sent, Target},
};
use bytes::Bytes;
use cockpit_core::{
    Scope,
    routes::{Lookup, lookup},
};
use http::{HeaderMap, Method};

/// What a sender is told and what the backend sees.
pub(crate) struct Pushed {
    /// What the sender is told.
    pub(crate) answer: Answer,
    /// What the backend sees, if anything.
    pub(crate) forwarded: Option<(HeaderMap, Bytes)>,
}

impl Pushed {
    /// The status, and whether anything reached the backend.
    pub(crate) fn status(&self) -> (u16, bool) {
        (self.answer.status, self.forwarded.is_some())
    }

    /// The text of the answer: one line that every sender shows whole.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.answer.body).into_owned();
        assert!(text.len() < 256 && text.matches('\n').count() <= 1, "{text}");
        text
    }

    /// The body that reached the backend.
    pub(crate) fn body(&self) -> &[u8] {
        &self.forwarded.as_ref().unwrap().1
    }

    /// A header that reached the backend.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.forwarded.as_ref().unwrap().0.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Samples, histograms and exemplars written.
    pub(crate) fn written(&self) -> [Option<&str>; 3] {
        ["samples", "histograms", "exemplars"].map(|what| {
            let value = self.answer.headers.get(format!("x-prometheus-remote-write-{what}-written"));
            value.map(|value| value.to_str().unwrap())
        })
    }
}

/// Pushes to a path with a token that holds both scopes of writers.
pub(crate) fn push(world: &World, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Pushed {
    let Lookup::Found(found) = lookup(&Method::POST, "", path.split('?').next().unwrap()) else { panic!("{path}") };
    let mut all = vec![("x-token", world.token(&[Scope::WriteMetrics, Scope::WriteLogs]))];
    all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let (function, path) = (found.route.function, path.to_owned());
    let answer = world.send(&Sent { function, method: &Method::POST, path, headers: all, body: body.to_vec() });
    let sent = world.fake.upstream.take_sent().pop();
    Pushed { answer, forwarded: sent.map(|sent| (sent.headers().clone(), sent.into_body())) }
}
