//! How big a request may be, one constant per kind of request.

/// The bounds that hold before a request costs anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes a body may have on the wire; one more is refused.
    pub body: usize,
    /// The most bytes a body may have after decompression; equal to `body` where it is not compressed.
    pub decoded: usize,
}

impl Limits {
    const fn plain(body: usize) -> Self {
        Self { body, decoded: body }
    }
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Management calls: the largest legal body is a token with a long label policy and 32 networks, under 16 KiB.
pub const MANAGEMENT: Limits = Limits::plain(64 * KIB);

/// Remote write: 10 MiB is what hosted Spin platforms take; 32 MiB decoded is Prometheus's own cap since 3.12.
pub const REMOTE_WRITE: Limits = Limits { body: 10 * MIB, decoded: 32 * MIB };

/// Logs: Loki takes at most 6 MB of lines at once unless told otherwise; labels and JSON's escapes may double that.
pub const LOGS: Limits = Limits { body: 10 * MIB, decoded: 12 * MIB };

/// Queries: form bodies and remote-read requests; Mimir decodes at most 1 MiB of a remote read.
pub const QUERY: Limits = Limits::plain(MIB);

/// Groups of rules, Alertmanager's configuration, alerts and silences: a group at its limits of rules is far smaller.
pub const UPLOAD: Limits = Limits::plain(MIB);

/// Requests that need no body; senders may still add a few bytes (the Python SDK sends `{}` on GET).
pub const BODILESS: Limits = Limits::plain(4 * KIB);
