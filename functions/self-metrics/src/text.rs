//! Prometheus's text format.

use cockpit_core::Body;
use cockpit_quota::usage::metrics::Kind;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Metrics, by name: each name must stand together.
#[derive(Debug, Default)]
pub(crate) struct Text(BTreeMap<&'static str, String>);

impl Text {
    /// Adds a value. Neither names nor labels may need escapes.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        labels: &[(&str, &str)],
        value: u64,
    ) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let lines = self.0.entry(name).or_insert_with(|| format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(lines, "{name}{labels} {value}");
    }

    /// The answer to a scrape.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from_bytes(self.to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA));
        response
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.values().try_for_each(|lines| f.write_str(lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_name_stand_together_below_what_it_is() {
        let mut text = Text::default();
        text.add("b_total", "Bees.", Kind::Counter, &[("a", "1"), ("c", "2")], 5);
        text.add("a", "Ants.", Kind::Gauge, &[], 1);
        text.add("b_total", "Bees.", Kind::Counter, &[("a", "2")], 7);
        let want = "# HELP a Ants.\n# TYPE a gauge\na 1\n\
                    # HELP b_total Bees.\n# TYPE b_total counter\nb_total{a=\"1\",c=\"2\"} 5\nb_total{a=\"2\"} 7\n";
        assert_eq!(text.to_string(), want);
    }
}
