//! What a caller wants to follow: the parameters of Loki's tail, and the form of the answer.

use cockpit_core::Refusal;
use http::{HeaderMap, header::ACCEPT};

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// How far back Loki's tail begins if nobody says from when.
const HOUR: i64 = 3_600 * SECOND;

/// How many lines of the past Loki's tail shows then.
const LINES: usize = 100;

/// The longest that Loki lets a tail lag behind.
const LONGEST_DELAY: i64 = 5;

/// What to follow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The query, raw as it stood in the URL.
    pub(crate) query: String,
    /// From when, in nanoseconds since 1970.
    pub(crate) start: i64,
    /// How many lines of the past at most, the newest; without it, all.
    pub(crate) past: Option<usize>,
    /// How far to lag behind, in nanoseconds, so that slow writers can catch up.
    pub(crate) delay: i64,
    /// The form of the answer.
    pub(crate) format: Format,
}

/// The form of an answer that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Server-sent events, as browsers read them.
    Events,
    /// A line of JSON for each frame.
    Lines,
}

impl Request {
    /// Reads the parameters; `now` is in nanoseconds.
    pub(crate) fn parse(query_string: &str, headers: &HeaderMap, now: i64) -> Result<Self, Refusal> {
        let parameter = |name: &str| {
            let pairs = query_string.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next_back()
        };
        let query = parameter("query").filter(|query| !query.is_empty()).ok_or_else(|| bad("query is missing"))?;
        let limit = parameter("limit").map(limit).transpose()?;
        let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<i64>().ok());
        let start = match (resumed, parameter("start")) {
            // What has been seen is not shown again.
            (Some(seen), _) => Some(seen.saturating_add(1)),
            (None, text) => text.map(time).transpose()?,
        };
        let past = limit.filter(|_| resumed.is_none()).or_else(|| start.is_none().then_some(LINES));
        let start = start.unwrap_or(now.saturating_sub(HOUR));
        let delay = parameter("delay_for").map_or(Ok(0), delay)?;
        Ok(Self { query: query.to_owned(), start, past, delay, format: Format::of(headers) })
    }
}

impl Format {
    fn of(headers: &HeaderMap) -> Self {
        let accepts = |kind: &str| {
            headers.get_all(ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains(kind)))
        };
        if accepts("text/event-stream") { Self::Events } else { Self::Lines }
    }

    /// Its media type.
    pub(crate) const fn media(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// A frame whose newest entry is of this time, which is where a browser goes on if the connection breaks.
    pub(crate) fn frame(self, json: &str, newest: i64) -> String {
        match self {
            Self::Events => format!("id: {newest}\ndata: {json}\n\n"),
            Self::Lines => format!("{json}\n"),
        }
    }

    /// What readers skip: it shows them that the connection lives, and us that they still read.
    pub(crate) const fn sign_of_life(self) -> &'static str {
        match self {
            Self::Events => ":\n\n",
            // White space before JSON; an empty line would be one that some readers take for a frame.
            Self::Lines => " ",
        }
    }
}

fn limit(text: &str) -> Result<usize, Refusal> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| bad("limit must be a positive number"))
}

fn delay(text: &str) -> Result<i64, Refusal> {
    let seconds = text.parse().ok().filter(|seconds| (0..=LONGEST_DELAY).contains(seconds));
    seconds.map(|seconds| seconds * SECOND).ok_or_else(|| bad("delay_for must be between 0 and 5 seconds"))
}

/// Nanoseconds, or as Loki has it, seconds if they have a fraction or at most ten digits.
fn time(text: &str) -> Result<i64, Refusal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = whole.parse::<i64>().ok().filter(|_| digits(whole) && digits(fraction) && fraction.len() <= 9);
    let number = number.ok_or_else(|| bad("start must be nanoseconds or seconds since 1970"))?;
    if whole.len() == text.len() && whole.len() > 10 {
        return Ok(number);
    }
    let nanos = format!("{fraction:0<9}").parse::<i64>().unwrap_or_default();
    Ok(number.saturating_mul(SECOND).saturating_add(nanos))
}

fn bad(what: &'static str) -> Refusal {
    Refusal::Malformed(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    const NOW: i64 = 1_700_000_000_000_000_000;

    fn parse(query: &str, headers: &[(&'static str, &str)]) -> Result<Request, Refusal> {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Request::parse(query, &headers.collect(), NOW)
    }

    #[test]
    fn without_a_start_the_newest_lines_of_the_last_hour_come_first() {
        let request = parse("query=%7Ba%3D%22b%22%7D", &[]).unwrap();
        let want = Request {
            query: "%7Ba%3D%22b%22%7D".into(),
            start: NOW - HOUR,
            past: Some(100),
            delay: 0,
            format: Format::Lines,
        };
        assert_eq!(request, want);
        assert_eq!(parse("query=x&limit=7", &[]).unwrap().past, Some(7));
    }

    #[test]
    fn whoever_says_from_when_gets_everything_since() {
        for (start, want) in [
            ("1699999999123456789", 1_699_999_999_123_456_789),
            ("1699999999", 1_699_999_999_000_000_000),
            ("1699999999.25", 1_699_999_999_250_000_000),
        ] {
            let request = parse(&format!("query=x&start={start}&delay_for=2"), &[]).unwrap();
            assert_eq!((request.start, request.past, request.delay), (want, None, 2 * SECOND), "{start}");
        }
        assert_eq!(parse("query=x&start=5&limit=9", &[]).unwrap().past, Some(9));
        let resumed = parse("query=x&start=5&limit=9", &[("last-event-id", "1699999999123456789")]).unwrap();
        assert_eq!((resumed.start, resumed.past), (1_699_999_999_123_456_790, None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for query in ["", "query=", "query=x&limit=0", "query=x&limit=a", "query=x&delay_for=6", "query=x&delay_for=-1"]
        {
            assert!(matches!(parse(query, &[]), Err(Refusal::Malformed(_))), "{query}");
        }
        for start in ["", "x", "-5", "+5", "1.1234567890", "2023-11-14T22:13:20Z", "99999999999999999999"] {
            assert!(parse(&format!("query=x&start={start}"), &[]).is_err(), "{start}");
        }
    }

    #[test]
    fn accept_chooses_the_form() {
        for (accept, want) in [
            ("text/event-stream", Format::Events),
            ("application/json, text/event-stream;q=0.5", Format::Events),
            ("application/x-ndjson", Format::Lines),
            ("*/*", Format::Lines),
        ] {
            assert_eq!(parse("query=x", &[("accept", accept)]).unwrap().format, want, "{accept}");
        }
    }
}
