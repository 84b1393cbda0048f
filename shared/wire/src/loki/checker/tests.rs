use super::*;
use crate::{identity::Open, loki::labels};

const NOW: i64 = 1_700_000_000 * SECOND;
const DAY: i64 = 24 * 3600 * SECOND;

const GOOD: Entry = Entry { nanos: NOW, line: 10, metadata: 1, metadata_bytes: 10 };

/// Judges one stream of these entries under these limits: whether it stays, which entries stay, and the line.
fn judge(limits: &str, text: &str, entries: &[Entry], admission: impl Admission) -> (bool, Vec<bool>, String) {
    let limits = Limits::default().changed(limits).unwrap();
    let mut checker = Checker::new(&limits, NOW, admission);
    let mut parsed = Vec::new();
    let labels = labels::parse(text.as_bytes(), checker.longest_labels(), &mut parsed).map(|()| parsed.as_slice());
    let stays = checker.stream(&Stream { text: text.as_bytes(), labels, entries: entries.len() });
    let kept: Vec<_> = entries.iter().map(|entry| stays && checker.entry(entry)).collect();
    let stored = kept.iter().filter(|kept| **kept).count();
    assert_eq!(checker.entries(), (entries.len() as u64, stored as u64));
    assert_eq!(checker.report().is_clean(), stays && stored == entries.len());
    (stays, kept, checker.line())
}

fn stream(text: &str) -> (bool, String) {
    let (stays, _, line) = judge("", text, &[GOOD], Open);
    (stays, line)
}

fn many(count: usize) -> String {
    let labels: Vec<_> = (0..count).map(|index| format!("l{index}=\"v\"")).collect();
    format!("{{{}}}", labels.join(","))
}

#[test]
fn streams_are_checked_as_loki_checks_them() {
    let long = |name: usize, value: usize| format!("{{{}=\"{}\"}}", "n".repeat(name), "v".repeat(value));
    for (text, id) in [
        ("{a-b=\"c\"}".into(), "invalid_labels"),
        (format!("{{a=\"b\"}}{}", " ".repeat(65_536)), "invalid_labels"),
        ("{__pattern__=\"x\"}".into(), "reserved_labels"),
        (many(31), "max_label_names_per_series"),
        (long(1025, 1), "label_name_too_long"),
        (long(1, 2049), "label_value_too_long"),
        ("{a=\"1\",a=\"2\"}".into(), "duplicate_label_names"),
        ("{\"\"=\"1\"}".into(), "duplicate_label_names"),
    ] {
        let (stays, line) = stream(&text);
        assert!(!stays && line.starts_with(&format!("0 of 1 log entries stored; 1 {id}: ")), "{line}");
    }
    let service = many(30).replace('}', ",service_name=\"s\"}");
    for text in [many(30), service, long(1024, 2048), "{}".into(), "{a=\"\"}".into()] {
        assert!(stream(&text).0, "{text}");
    }
}

#[test]
fn a_stream_without_entries_is_only_read() {
    assert!(judge("", &many(31), &[], Open).0);
    assert!(!judge("", "{a", &[], Open).0);
}

#[test]
fn entries_are_checked_as_loki_checks_them() {
    for (entry, id) in [
        (Entry { nanos: NOW - 31 * DAY - 1, ..GOOD }, "greater_than_max_sample_age"),
        (Entry { nanos: i64::MIN, ..GOOD }, "greater_than_max_sample_age"),
        (Entry { nanos: NOW + 600 * SECOND + 1, ..GOOD }, "too_far_in_future"),
        (Entry { line: (256 << 10) + 1, ..GOOD }, "line_too_long"),
        (Entry { metadata_bytes: (64 << 10) + 1, ..GOOD }, "structured_metadata_too_large"),
        (Entry { metadata: 129, ..GOOD }, "structured_metadata_too_many"),
    ] {
        let (stays, kept, line) = judge("", "{a=\"b\"}", &[GOOD, entry, GOOD], Open);
        assert_eq!((stays, kept), (true, vec![true, false, true]), "{line}");
        assert!(line.starts_with(&format!("2 of 3 log entries stored; 1 {id}: ")), "{line}");
        assert!(line.ends_with(" in {a=\"b\"}"), "{line}");
    }
    let edge = Entry { nanos: NOW - 31 * DAY, line: 256 << 10, metadata: 128, metadata_bytes: 64 << 10 };
    assert_eq!(judge("", "{}", &[edge, Entry { nanos: NOW + 600 * SECOND, ..GOOD }], Open).1, [true, true]);
}

#[test]
fn limits_change_and_turn_off() {
    let ancient = Entry { nanos: i64::MIN, line: usize::MAX, metadata: usize::MAX, metadata_bytes: usize::MAX };
    let off = "retention=0, max-line-size=0, max-structured-metadata-entries=0, max-structured-metadata-size=0,
        max-stream-label-names=0, max-stream-labels-size=0";
    assert_eq!(judge(off, &many(99), &[ancient], Open).1, [true]);
    assert!(!judge("min-stream-label-names=1", "{}", &[GOOD], Open).0);
    let bare = Entry { metadata: 0, metadata_bytes: 0, ..GOOD };
    let (_, kept, line) = judge("no-structured-metadata=1", "{a=\"b\"}", &[GOOD, bare], Open);
    assert!(kept == [false, true] && line.contains("1 disallowed_structured_metadata: "), "{line}");
    assert!(judge("max-stream-entries=2", "{}", &[GOOD, GOOD], Open).0);
    assert!(!judge("max-stream-entries=2", "{}", &[GOOD, GOOD, GOOD], Open).0);
}

/// Admits nobody, and remembers who asked.
struct Nobody<'f>(&'f mut Vec<u64>);

impl Admission for Nobody<'_> {
    fn key(&self) -> [u8; 16] {
        [7; 16]
    }

    fn admit(&mut self, identity: u64, _: u64) -> Admitted {
        self.0.push(identity);
        Admitted::Full
    }
}

/// Admits what does not carry a label.
struct Watching([(String, String); 1]);

impl Admission for Watching {
    fn key(&self) -> [u8; 16] {
        [7; 16]
    }

    fn watched(&self) -> &[(String, String)] {
        &self.0
    }

    fn admit(&mut self, _: u64, marks: u64) -> Admitted {
        if marks == 0 { Admitted::Yes } else { Admitted::OverBudget }
    }

    fn why(&self) -> String {
        "the budget has 5 of 5".into()
    }
}

#[test]
fn a_stream_over_a_budget_is_refused_with_its_reason() {
    let watching = || Watching([("team".into(), "a".into())]);
    let (_, kept, line) = judge("", "{team=\"a\",b=\"c\"}", &[GOOD], watching());
    assert_eq!(kept, [false]);
    assert!(line.starts_with("0 of 1 log entries stored; 1 stream_limit_per_budget: "), "{line}");
    assert!(line.contains("the budget has 5 of 5: {team"), "{line}");
    assert_eq!(judge("", "{team=\"b\",b=\"a\"}", &[GOOD], watching()).1, [true]);
}

#[test]
fn a_new_stream_over_the_limit_is_refused_and_asks_once() {
    let mut asked = Vec::new();
    let (_, kept, line) = judge("", "{b=\"c\",a=\"b\",e=\"\"}", &[GOOD, GOOD], Nobody(&mut asked));
    assert_eq!(kept, [false, false]);
    assert!(line.starts_with("0 of 2 log entries stored; 2 stream_limit: "), "{line}");
    let hasher = Identity::new(&[7; 16]);
    assert_eq!(asked, [hasher.series([hasher.label(b"a", b"b"), hasher.label(b"b", b"c")])]);
}

#[test]
fn each_stream_is_admitted_for_itself() {
    let mut asked = Vec::new();
    let limits = Limits::default();
    let mut checker = Checker::new(&limits, NOW, Nobody(&mut asked));
    for text in ["{a=\"b\"}", "{a=\"c\"}"] {
        let mut parsed = Vec::new();
        labels::parse(text.as_bytes(), 100, &mut parsed).unwrap();
        assert!(checker.stream(&Stream { text: text.as_bytes(), labels: Ok(&parsed), entries: 1 }));
        assert!(!checker.entry(&GOOD));
    }
    assert!(asked.len() == 2 && asked[0] != asked[1], "{asked:?}");
}

#[test]
fn a_stream_of_which_nothing_would_be_stored_does_not_ask_to_be_active() {
    let mut asked = Vec::new();
    judge("", "{a=\"b\"}", &[Entry { nanos: 0, ..GOOD }], Nobody(&mut asked));
    assert!(asked.is_empty());
}
