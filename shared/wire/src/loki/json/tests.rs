use super::*;
use crate::{
    json::tests::is_twofold,
    loki::recorder::Recorder,
    random::{Random, malformed},
};
use serde_json::{Value as Tree, json};

/// The reading once more, the straightforward way: over a tree. Objects of a tree keep the last of equal names.
fn reference(text: &[u8], judge: &mut Recorder) -> Option<(usize, usize, Tree)> {
    let mut push: Tree = serde_json::from_slice(text).ok()?;
    let Some(object) = push.as_object_mut() else { return push.is_null().then_some((0, 0, push)) };
    let named = object.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("streams")).map(|(_, streams)| streams);
    let Some(streams) = named.filter(|streams| !streams.is_null()) else { return Some((0, 0, push)) };
    let streams = streams.as_array_mut()?;
    let (total, mut kept) = (streams.len(), Vec::new());
    for mut stream in std::mem::take(streams) {
        if filter(&mut stream, judge)? {
            kept.push(stream);
        }
    }
    *streams = kept;
    let kept = streams.len();
    Some((total, kept, push))
}

fn filter(stream: &mut Tree, judge: &mut Recorder) -> Option<bool> {
    let stream = stream.as_object_mut()?;
    let text = stream.get("stream").map_or(Some(String::new()), |labels| {
        let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let pairs = labels.as_object()?.iter().map(|(name, value)| match value {
            Tree::String(text) => format!("{name}=\"{}\"", quote(text)),
            other => format!("{name}=\"{other}\""),
        });
        Some(format!("{{{}}}", pairs.collect::<Vec<_>>().join(", ")))
    })?;
    let values = stream.get_mut("values").filter(|values| !values.is_null());
    let mut none = Vec::new();
    let values = values.map_or(Some(&mut none), Tree::as_array_mut)?;
    let entries = values.iter().filter(|value| !value.is_null()).count();
    let mut parsed = Vec::new();
    let labels = labels::parse(text.as_bytes(), 1000, &mut parsed).map(|()| parsed.as_slice());
    let keep = judge.stream(&Stream { text: text.as_bytes(), labels, entries });
    let (mut left, mut kept) = (Vec::new(), 0);
    for value in std::mem::take(values) {
        let stays = value.is_null() || {
            let entry = judged(&value)?;
            keep && judge.entry(&entry)
        };
        kept += usize::from(stays && !value.is_null());
        left.extend(stays.then_some(value));
    }
    *values = left;
    Some(keep && (kept > 0 || entries == 0))
}

fn judged(entry: &Tree) -> Option<Entry> {
    let entry = entry.as_array()?;
    let time = entry.first().map_or(Some(i64::MIN), |time| {
        let time = time.as_str()?;
        time.parse::<i64>().ok().filter(|number| number.to_string() == time || time == "-0")
    })?;
    let line = entry.get(1).map_or(Some(""), Tree::as_str)?;
    let mut judged = Entry { nanos: time, line: line.len(), metadata: 0, metadata_bytes: 0 };
    if let Some(pairs) = entry.get(2) {
        for (name, value) in pairs.as_object()? {
            judged.metadata += 1;
            judged.metadata_bytes += if name == "detected_level" { 0 } else { name.len() + value.as_str()?.len() };
            value.as_str()?;
        }
    }
    Some(judged)
}

fn arbitrary(random: &mut Random) -> Tree {
    let times = ["0", "-1", "1700000000000000000", "-9223372036854775808", "9223372036854775807"];
    let entry = |random: &mut Random| match random.below(8) {
        0 => Tree::Null,
        1 => json!([]),
        2 => json!([random.pick(&times)]),
        3 => json!([random.pick(&times), "a\nb", {"trace": "é", "detected_level": "info"}, 5]),
        _ => json!([random.pick(&times), "l".repeat(random.below(50)), {}]),
    };
    let stream = |random: &mut Random| {
        let labels = random.pick(&[r#"{"a":"b\"c","d":"é"}"#, r#"{"a":"b","n":5,"t":true}"#, "{}", r#"{"a-b":"c"}"#]);
        let labels: Tree = serde_json::from_str(labels).unwrap();
        match random.below(8) {
            0 => json!({"stream": labels}),
            1 => json!({"stream": labels, "values": null}),
            _ => {
                json!({"values": (0..random.below(5)).map(|_| entry(random)).collect::<Vec<_>>(), "stream": labels, "more": [1]})
            }
        }
    };
    match random.below(20) {
        0 => json!({"streams": null}),
        1 => json!({"other": {}}),
        _ => json!({"streams": (0..random.below(5)).map(|_| stream(random)).collect::<Vec<_>>(), "other": 1.5}),
    }
}

/// Compares a reading with the reference: verdict, what the judge is told, and what is left.
fn compare(text: &[u8], seed: u64, of_four: usize) -> bool {
    let (mut ours, mut theirs) = (Recorder::new(seed, of_four), Recorder::new(seed, of_four));
    let (judged, want) = (read(text, &mut ours), reference(text, &mut theirs));
    let shown = String::from_utf8_lossy(text);
    assert_eq!(judged.is_ok(), want.is_some(), "{judged:?}: {shown}");
    let (Ok(judged), Some((streams, kept, left))) = (judged, want) else { return false };
    assert_eq!(ours.seen, theirs.seen, "{shown}");
    assert_eq!((judged.streams, judged.kept), (streams, kept), "{shown}");
    let patched = judged.patch.apply(text).unwrap();
    let tree: Tree = serde_json::from_slice(&patched).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(tree, left, "{shown}");
    true
}

#[test]
fn what_is_kept_is_what_is_left_of_a_tree() {
    let mut random = Random::new(5);
    for seed in 0..2_000 {
        let push = arbitrary(&mut random);
        for text in [serde_json::to_vec(&push).unwrap(), serde_json::to_vec_pretty(&push).unwrap()] {
            for of_four in [0, 2, 3, 4] {
                assert!(compare(&text, seed, of_four));
            }
        }
    }
}

/// Whether a tree keeps what is needed: numbers as they were written, and which of two names came last.
fn is_comparable(push: &Tree) -> bool {
    let members = || push.as_object().into_iter().flatten();
    let named = members().filter(|(name, _)| name.eq_ignore_ascii_case("streams"));
    let streams = members().filter_map(|(_, value)| value.as_array()).flatten();
    let labels = streams.filter_map(|stream| stream.get("stream")?.as_object()).flatten();
    let plain = |value: &Tree| value.is_string() || value.is_boolean() || value.is_null() || value == &json!(5);
    named.count() < 2 && labels.map(|(_, value)| value).all(plain)
}

/// Bytes that turn one value into another.
const ALPHABET: &[u8] = b"{}[],:\"0-1ns\\";

/// Compares a text with the tree, where the tree keeps what is needed and the two do not differ on purpose: that is the
/// affair of the tests of the JSON reader, and of those below. Returns whether it is a push.
pub(crate) fn compare_if_comparable(text: &[u8], seed: u64) -> Option<bool> {
    const ON_PURPOSE: [&str; 7] = [
        "control character",
        "unicode code point",
        "surrogate",
        "number out of range",
        "recursion limit",
        "trailing characters",
        "unexpected end of hex escape",
    ];
    match serde_json::from_slice::<Tree>(text) {
        Ok(tree) => (is_comparable(&tree) && !is_twofold(text)).then(|| compare(text, seed, 3)),
        Err(error) if ON_PURPOSE.iter().any(|class| error.to_string().contains(class)) => None,
        Err(error) => {
            let read = read(text, &mut Recorder::new(seed, 3));
            assert!(read.is_err(), "{error}: {}", String::from_utf8_lossy(text));
            Some(false)
        }
    }
}

/// Pushes of all kinds.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut random = Random::new(1);
    (0..100).map(|_| serde_json::to_vec(&arbitrary(&mut random)).unwrap()).collect()
}

#[test]
fn the_malformed_corpus_gets_the_same_verdicts_from_the_reader_and_from_the_reference() {
    let mut random = Random::new(1);
    let texts = std::iter::repeat_with(|| serde_json::to_vec(&arbitrary(&mut random)).unwrap());
    let (mut good, mut bad) = (0_u32, 0_u32);
    for text in texts.filter(|text| (150..600).contains(&text.len())).take(4) {
        for (seed, text) in (0..).zip(malformed(&text, ALPHABET)) {
            match compare_if_comparable(&text, seed) {
                Some(true) => good += 1,
                Some(false) => bad += 1,
                None => {}
            }
        }
    }
    assert!(good > 2_000 && bad > 10_000, "{good} are pushes, {bad} are not");
}

#[test]
fn damaged_pushes_get_the_verdict_of_a_tree() {
    let mut random = Random::new(6);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for seed in 0..20_000 {
        let mut text = serde_json::to_vec(&arbitrary(&mut random)).unwrap();
        for _ in 0..=random.below(2) {
            random.damage(&mut text, ALPHABET);
        }
        match compare_if_comparable(&text, seed) {
            Some(true) => accepted += 1,
            Some(false) => refused += 1,
            None => {}
        }
    }
    assert!(refused > 5_000 && accepted > 2_000, "{refused} refused, {accepted} accepted");
}

fn seen(text: &str) -> Result<Vec<String>, JsonError> {
    let mut judge = Recorder::new(0, 4);
    read(text.as_bytes(), &mut judge)?;
    Ok(judge.seen)
}

#[test]
fn of_a_name_that_stands_twice_the_last_counts() {
    let plain = seen(r#"{"streams":[{"stream":{"a":"b"},"values":[["5","x"]]}]}"#).unwrap();
    for text in [
        r#"{"streams":[{"stream":{"c":"d"},"values":[["1","y"]]}],"STREAMS":[{"stream":{"a":"b"},"values":[["5","x"]]}]}"#,
        r#"{"streams":[{"values":[5],"stream":5,"values":[["5","x"]],"stream":{"a":"c","a":"b"}}]}"#,
        r#"{"str\u0065ams":[{"str\u0065am":{"\u0061":"b"},"values":[["5","x"]]}]} trailing"#,
        r#"{"streams":[{"stream":{"a":"b","empty":""},"Stream":5,"values":[null,["5","x"]]}]}"#,
    ] {
        assert_eq!(seen(text).as_ref(), Ok(&plain), "{text}");
    }
}

#[test]
fn a_stream_of_very_many_entries_is_read_like_any_other() {
    for entries in [REMEMBERED - 1, REMEMBERED, REMEMBERED + 1, 2 * REMEMBERED] {
        let values: Vec<_> = (0..entries).map(|entry| json!([entry.to_string(), "x"])).collect();
        let push = json!({"streams": [{"values": values}, {"values": [["1", "y"], null]}]});
        assert_eq!(compare_if_comparable(push.to_string().as_bytes(), 0), Some(true), "{entries}");
    }
}

#[test]
fn what_is_ignored_may_nest_as_deeply_as_anything() {
    let nested =
        |depth| format!(r#"{{"streams":[{{"values":[["5","x",{{}},{}{}]]}}]}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(seen(&nested(127)).is_ok());
    assert!(seen(&nested(128)).is_err());
}

#[test]
fn pushes_that_loki_refuses_are_refused() {
    for text in [
        "",
        "[]",
        "5",
        r#"{"streams":{}}"#,
        r#"{"streams":[null]}"#,
        r#"{"streams":[{"stream":null}]}"#,
        r#"{"streams":[{"values":5}]}"#,
        r#"{"streams":[{"values":[{}]}]}"#,
        r#"{"streams":[{"values":[[5,"x"]]}]}"#,
        r#"{"streams":[{"values":[["5",5]]}]}"#,
        r#"{"streams":[{"values":[["5","x",null]]}]}"#,
        r#"{"streams":[{"values":[["5","x",{"a":5}]]}]}"#,
        r#"{"streams":[{"values":[["5.0","x"]]}]}"#,
        r#"{"streams":[{"values":[["","x"]]}]}"#,
        r#"{"streams":[{"values":[["05","x"]]}]}"#,
        r#"{"streams":[{"values":[["+5","x"]]}]}"#,
        r#"{"streams":[{"values":[["9223372036854775808","x"]]}]}"#,
        r#"{"streams":[{"values":[["5","\ud800"]]}]}"#,
    ] {
        assert!(seen(text).is_err(), "{text}");
    }
}

#[test]
fn labels_are_those_of_the_text_that_loki_writes() {
    let labels = |json: &str| {
        let text = label_text(json.as_bytes(), Cursor::new(json.as_bytes(), 0).value().unwrap(), 1000).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    };
    assert_eq!(labels(r#"{"b":"2\n\"\\","a":"1"}"#), r#"{a="1", b="2\n\"\\"}"#);
    assert_eq!(labels(r#"{"a":5,"b":null,"c":[1, 2]}"#), r#"{a="5", b="null", c="[1, 2]"}"#);
    let raw = b"{\"a\":\"\xff\"}";
    assert_eq!(label_text(raw, Cursor::new(raw, 0).value().unwrap(), 1000).unwrap(), br#"{a="\xff"}"#);
}
