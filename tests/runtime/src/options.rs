//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Serves a Spin manifest on this machine.
#[derive(Clone, Debug, Parser)]
#[command(name = "cockpit-runtime", version, max_term_width = 100)]
pub struct Options {
    /// The application's spin.toml
    #[arg(long, default_value = "spin.toml", value_name = "FILE")]
    pub manifest: PathBuf,

    /// Address to listen on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Folder for the key-value store and the cache
    #[arg(long, default_value = ".state", value_name = "FOLDER")]
    pub state_dir: PathBuf,

    /// Folder for compiled components [default: <state-dir>/cache]
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<PathBuf>,

    /// Where the key-value store keeps its data
    #[arg(long, value_enum, default_value_t = KvKind::Sqlite)]
    pub kv: KvKind,

    /// While this file exists, every key-value operation fails
    #[arg(long, value_name = "FILE")]
    pub kv_fault_file: Option<PathBuf>,

    /// Count key-value operations: per request in the access log, in total on SIGUSR1
    #[arg(long)]
    pub kv_count: bool,

    /// Requests an instance serves before it is replaced
    #[arg(long, default_value = "128", value_name = "COUNT")]
    pub max_instance_reuse_count: NonZeroUsize,

    /// Requests an instance serves at the same time
    #[arg(long, default_value = "16", value_name = "COUNT")]
    pub max_instance_concurrent_reuse_count: NonZeroUsize,

    /// How long an instance may be idle
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "TIME")]
    pub idle_instance_timeout: Duration,

    /// Memory an instance may use
    #[arg(long, default_value = "128MiB", value_parser = size, value_name = "SIZE")]
    pub max_instance_memory: u64,

    /// How long a request may wait for its answer, and an answer for its next part
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "TIME")]
    pub request_timeout: Duration,

    /// Requests in flight; more are answered with 503
    #[arg(long, default_value = "1024", value_parser = clap::value_parser!(u32).range(1..=4096), value_name = "COUNT")]
    pub max_concurrent_requests: u32,

    /// Size of a request's body
    #[arg(long, default_value = "64MiB", value_parser = size, value_name = "SIZE")]
    pub max_request_body: u64,

    /// How long a client may take to send a request's head
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME")]
    pub header_timeout: Duration,

    /// How long requests in flight may take to finish after SIGTERM
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME")]
    pub drain_timeout: Duration,

    /// Carry WebSockets on this path to this URL, as the application's `/-/authorize` says
    #[arg(long, value_parser = Carried::parse, value_name = "PATH=URL")]
    pub websocket: Vec<Carried>,

    /// Write a line of JSON for each request to stderr
    #[arg(long)]
    pub access_log: bool,
}

/// The kinds of key-value store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KvKind {
    /// A file in the state folder
    Sqlite,
    /// Nothing survives the process
    Memory,
}

/// Where WebSockets on a path are carried to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The path, exactly.
    pub path: String,
    /// The URL, without a query.
    pub url: String,
}

impl Carried {
    fn parse(text: &str) -> Result<Self, String> {
        let (path, url) = text.split_once('=').ok_or("expected a path, = and a URL")?;
        let parsed = url::Url::parse(url).map_err(|error| error.to_string())?;
        if !path.starts_with('/') || !matches!(parsed.scheme(), "http" | "https") || parsed.query().is_some() {
            return Err("the path must begin with a slash, and the URL with http:// or https://".to_owned());
        }
        Ok(Self { path: path.to_owned(), url: url.to_owned() })
    }
}

/// `500ms`, `60s`, `2m`; a bare number counts seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits) {
        Some("ms") => Duration::from_millis(1),
        Some("" | "s") => Duration::from_secs(1),
        Some("m") => Duration::from_secs(60),
        _ => return Err("the unit must be ms, s or m".to_owned()),
    };
    let count: u32 = digits.parse().map_err(|_| "expected a number and a unit, such as 60s")?;
    unit.checked_mul(count).ok_or("too long".to_owned())
}

/// `65536`, `64KiB`, `128MiB`, `1GiB`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits) {
        Some("" | "B") => 1,
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        Some("GiB") => 1 << 30,
        _ => return Err("the unit must be B, KiB, MiB or GiB".to_owned()),
    };
    let count: u64 = digits.parse().map_err(|_| "expected a number and a unit, such as 64MiB")?;
    count.checked_mul(unit).ok_or("too big".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_its_defaults_are_valid() {
        use clap::CommandFactory as _;
        Options::command().debug_assert();
        let options = Options::try_parse_from(["cockpit-runtime"]).unwrap();
        assert_eq!(options.request_timeout, Duration::from_secs(60));
        assert_eq!(options.max_instance_memory, 128 << 20);
    }

    #[test]
    fn an_unknown_flag_is_a_usage_error() {
        assert!(Options::try_parse_from(["cockpit-runtime", "--surprise"]).is_err());
    }

    #[test]
    fn websockets_are_carried_from_a_path_to_a_url() {
        let carried = Carried { path: "/tail".to_owned(), url: "http://loki:3100/loki/tail".to_owned() };
        assert_eq!(Carried::parse("/tail=http://loki:3100/loki/tail"), Ok(carried));
        for text in ["", "/tail", "tail=http://loki", "/tail=loki:3100", "/tail=ws://loki/", "/tail=http://loki/?a=b"] {
            assert!(Carried::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_and_sizes_need_a_known_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(size("64KiB"), Ok(65536));
        for text in ["", "s", "1h", "-1s", "1.5s", "99999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["", "MB", "1MB", "-1", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
