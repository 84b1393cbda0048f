//! How far a tail has come: what is asked for next, and what of the answer is new.
//!
//! Writers are not in step, so what is asked for overlaps with what has been shown, and what was shown is remembered.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// How much later than another, in nanoseconds, an entry may arrive and still be shown.
const OVERLAP: i64 = 5_000_000_000;

/// The most entries that are remembered; beyond that, late ones are no longer looked for.
const REMEMBERED: usize = 50_000;

/// The answer of Loki to a query.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer<'a> {
    /// What was found.
    #[serde(borrow)]
    pub(crate) data: Data<'a>,
}

/// What was found.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Data<'a> {
    /// `streams` for logs.
    pub(crate) result_type: &'a str,
    /// The streams, unread.
    #[serde(borrow)]
    pub(crate) result: &'a RawValue,
}

/// A stream in an answer and in a frame: its labels, and `["<nanoseconds>", "<line>"]` for each entry.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Stream<'a> {
    #[serde(borrow)]
    stream: &'a RawValue,
    #[serde(borrow)]
    values: Vec<&'a RawValue>,
}

/// A frame, as Loki sends it over a WebSocket.
#[derive(Debug, Serialize)]
pub(crate) struct Frame<'a> {
    streams: Vec<Stream<'a>>,
}

/// How far a tail has come.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// From when entries are asked for.
    since: i64,
    /// Before this, nothing is shown.
    floor: i64,
    /// The time of the newest entry that was shown.
    newest: i64,
    /// Whether there is more to be had at once.
    behind: bool,
    seen: HashSet<(i64, u64)>,
}

impl Cursor {
    /// Begins at a time.
    pub(crate) fn at(start: i64) -> Self {
        Self { since: start, floor: start, newest: start, behind: false, seen: HashSet::new() }
    }

    /// From when to ask for entries.
    pub(crate) const fn since(&self) -> i64 {
        self.since
    }

    /// The time of the newest entry that was shown.
    pub(crate) const fn newest(&self) -> i64 {
        self.newest
    }

    /// Whether there is more to be had at once.
    pub(crate) const fn is_behind(&self) -> bool {
        self.behind
    }

    /// Takes the oldest entries since the time that was asked for, at most `limit`. What is new is a frame.
    pub(crate) fn advance<'a>(&mut self, streams: Vec<Stream<'a>>, limit: usize) -> Option<Frame<'a>> {
        let (frame, times) = self.sift(streams);
        let last = times.iter().copied().max().unwrap_or(self.since).max(self.since);
        self.behind = times.len() >= limit;
        self.forget(last);
        self.since = match self.behind {
            // Of more entries at one moment than fit an answer, the rest is lost.
            true if last == self.since => last.saturating_add(1),
            true => last,
            false => self.floor.max(last.saturating_sub(OVERLAP)),
        };
        frame
    }

    /// Takes the newest entries of the past, at most `limit`: what is older is not shown.
    pub(crate) fn begin<'a>(&mut self, mut streams: Vec<Stream<'a>>, limit: usize) -> Option<Frame<'a>> {
        streams.iter_mut().for_each(|stream| stream.values.reverse());
        let (frame, times) = self.sift(streams);
        if let (true, Some(oldest)) = (times.len() >= limit, times.iter().min()) {
            self.floor = *oldest;
        }
        self.forget(self.newest);
        self.since = self.floor.max(self.newest.saturating_sub(OVERLAP));
        frame
    }

    /// What has not been shown yet, and the times of all.
    fn sift<'a>(&mut self, streams: Vec<Stream<'a>>) -> (Option<Frame<'a>>, Vec<i64>) {
        let mut times = Vec::new();
        let mut fresh = Vec::new();
        for Stream { stream, mut values } in streams {
            values.retain(|value| {
                let time = time(value);
                times.push(time);
                self.newest = self.newest.max(time);
                self.seen.insert((time, identity(stream, value)))
            });
            if !values.is_empty() {
                fresh.push(Stream { stream, values });
            }
        }
        ((!fresh.is_empty()).then_some(Frame { streams: fresh }), times)
    }

    /// Forgets what will not be asked for again.
    fn forget(&mut self, last: i64) {
        if self.seen.len() > REMEMBERED {
            self.floor = self.floor.max(last);
        }
        let oldest = self.floor.max(last.saturating_sub(OVERLAP));
        self.seen.retain(|(time, _)| *time >= oldest);
    }
}

/// The time at the head of an entry: digits in quotes.
fn time(value: &RawValue) -> i64 {
    value.get().split('"').nth(1).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

fn identity(stream: &RawValue, value: &RawValue) -> u64 {
    let mut hasher = DefaultHasher::new();
    (stream.get(), value.get()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    /// Streams of entries at these times, and what a cursor shows of them.
    fn show(step: impl FnOnce(Vec<Stream<'_>>) -> Option<Frame<'_>>, streams: &[(&str, &[i64])]) -> String {
        let stream = |(name, times): &(&str, &[i64])| {
            let values: Vec<_> = times.iter().map(|time| format!(r#"["{time}","{name}"]"#)).collect();
            format!(r#"{{"stream":{{"app":"{name}"}},"values":[{}]}}"#, values.join(","))
        };
        let text = format!("[{}]", streams.iter().map(stream).collect::<Vec<_>>().join(","));
        let shown = step(serde_json::from_str(&text).unwrap());
        let shown = shown.map(|frame| serde_json::to_value(&frame).unwrap());
        let streams = shown.iter().flat_map(|frame| frame["streams"].as_array().unwrap());
        let entries = streams.flat_map(|stream| stream["values"].as_array().unwrap());
        entries
            .map(|entry| format!("{}@{}", entry[1].as_str().unwrap(), entry[0].as_str().unwrap()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_frame_is_what_loki_would_send() {
        let text = r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"a":"b"},"values":[["1","x",{"t":"u"}]]}],"stats":{}}}"#;
        let answer: Answer<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(answer.data.result_type, "streams");
        let frame = Cursor::at(0).advance(serde_json::from_str(answer.data.result.get()).unwrap(), 10).unwrap();
        let want = r#"{"streams":[{"stream":{"a":"b"},"values":[["1","x",{"t":"u"}]]}]}"#;
        assert_eq!(serde_json::to_string(&frame).unwrap(), want);
    }

    #[test]
    fn each_entry_is_shown_once_even_if_it_comes_late() {
        let mut cursor = Cursor::at(100 * S);
        assert_eq!(show(|s| cursor.advance(s, 10), &[("a", &[100 * S, 107 * S])]), "a@100000000000 a@107000000000");
        assert_eq!((cursor.since(), cursor.is_behind()), (102 * S, false));
        let again: &[(&str, &[i64])] = &[("a", &[107 * S]), ("b", &[103 * S, 107 * S])];
        assert_eq!(show(|s| cursor.advance(s, 10), again), "b@103000000000 b@107000000000");
        assert_eq!(show(|s| cursor.advance(s, 10), again), "");
        assert_eq!(cursor.newest(), 107 * S);
    }

    #[test]
    fn a_full_answer_is_followed_up_at_once_and_shown_once() {
        let mut cursor = Cursor::at(0);
        assert_eq!(show(|s| cursor.advance(s, 2), &[("a", &[S, 2 * S])]), "a@1000000000 a@2000000000");
        assert_eq!((cursor.since(), cursor.is_behind()), (2 * S, true));
        assert_eq!(show(|s| cursor.advance(s, 2), &[("a", &[2 * S, 3 * S])]), "a@3000000000");
        assert_eq!(show(|s| cursor.advance(s, 2), &[("a", &[3 * S])]), "");
        assert_eq!((cursor.since(), cursor.is_behind()), (0, false));
        assert_eq!(show(|s| cursor.advance(s, 9), &[("a", &[S, 2 * S, 3 * S])]), "");
    }

    #[test]
    fn more_at_one_moment_than_fits_an_answer_does_not_stop_it() {
        let mut cursor = Cursor::at(S);
        show(|s| cursor.advance(s, 2), &[("a", &[S]), ("b", &[S])]);
        assert_eq!(cursor.since(), S + 1);
    }

    #[test]
    fn what_is_older_than_the_lines_asked_for_is_not_shown_later() {
        let mut cursor = Cursor::at(0);
        assert_eq!(show(|s| cursor.begin(s, 2), &[("a", &[9 * S, 8 * S])]), "a@8000000000 a@9000000000");
        assert_eq!(cursor.since(), 8 * S);
        let mut cursor = Cursor::at(0);
        show(|s| cursor.begin(s, 5), &[("a", &[9 * S, 8 * S])]);
        assert_eq!(cursor.since(), 4 * S, "all of it was shown, so late ones may come");
    }

    #[test]
    fn memory_is_bounded() {
        let mut cursor = Cursor::at(0);
        let times: Vec<i64> = (0..60_000).collect();
        show(|s| cursor.advance(s, 100_000), &[("a", &times)]);
        assert_eq!((cursor.seen.len(), cursor.since()), (1, 59_999));
    }
}
