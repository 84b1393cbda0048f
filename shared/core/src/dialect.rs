//! The protocol of a path: which shape its errors must have for the client to understand them.

/// How a family of clients expects to be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Push endpoints: one line of text; a permanent fault of the sender is always 400, because some
    /// senders retry 413 and 422 for ever.
    Push,
    /// Prometheus's query API: `{"status":"error","errorType":…,"error":…}`.
    Prometheus,
    /// Alertmanager's API v2: `{"code":…,"message":…}`.
    Alertmanager,
    /// The Cockpit management API: `{"type":…,"message":…}` with fields per type.
    Management,
    /// OpenTelemetry's export endpoints: a protobuf `Status` with a message.
    Otlp,
    /// Everything else: one line of text.
    Plain,
}

impl Dialect {
    /// The dialect of a path that no row lists, guessed from its look, so that a mistyped URL is still
    /// refused in the words of the client that called it.
    pub fn of_unlisted(path: &str) -> Self {
        if path.starts_with("/cockpit/") || path.starts_with("/iam/") {
            Self::Management
        } else if path.contains("/otlp/") {
            Self::Otlp
        } else if path.contains("/prometheus/") {
            Self::Prometheus
        } else if path.contains("/alertmanager/api/") {
            Self::Alertmanager
        } else if path.ends_with("/push") {
            Self::Push
        } else {
            Self::Plain
        }
    }
}
