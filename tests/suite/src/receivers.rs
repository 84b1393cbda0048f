//! What is answered to everything that receivers of remote write and of Loki's push are known to differ about: a row for
//! each thing sent. What Prometheus, Mimir and Loki answer stands beside it where that is not what senders need.

use crate::{
    flow::World,
    messages::{
        NOW, NOW_MILLIS, deflate, field, gzip, label, sample, series, snappy, stream, unsnappy, version_2, zlib,
    },
    pushed::{Pushed, push},
    rows::{Sent, Target},
};
use cockpit_core::routes::FALLBACK;
use http::Method;

type Headers = &'static [(&'static str, &'static str)];

/// What becomes of what is sent.
enum Want {
    /// It goes through byte for byte.
    Through,
    /// It goes through like this, because Loki could not read it as it is.
    Unpacked(Vec<u8>),
    /// It is answered here.
    Here(u16),
    /// 400 with the name of this check, and this goes through.
    Part(&'static str, Vec<u8>),
    /// The same, but nothing is left.
    Nothing(&'static str),
}

use Want::{Here, Nothing, Part, Through, Unpacked};

const ONE: (&str, &str) = ("content-type", "application/x-protobuf;proto=prometheus.WriteRequest");
const TWO: (&str, &str) = ("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

fn check(sent: &str, pushed: &Pushed, body: &[u8], want: &Want) {
    let text = pushed.text();
    let seen = || pushed.forwarded.as_ref().map(|(_, body)| &**body);
    match want {
        Through => {
            assert_eq!((pushed.status(), &*text), ((200, true), ""), "{sent}");
            assert_eq!(seen(), Some(body), "{sent}");
        }
        Unpacked(plain) => {
            assert_eq!((pushed.answer.status, seen()), (200, Some(&**plain)), "{sent}: {text}");
            assert_eq!(pushed.header("content-encoding"), "", "{sent}");
        }
        Here(status) => {
            assert_eq!(pushed.status(), (*status, false), "{sent}: {text}");
            assert_eq!(text.ends_with('\n'), *status >= 400, "{sent}: {text}");
        }
        Part(id, left) => {
            assert!(pushed.answer.status == 400 && text.contains(id), "{sent}: {text}");
            let json = seen().is_some_and(|body| body.starts_with(b"{"));
            let seen = seen().map(|body| if json { body.to_vec() } else { unsnappy(body) });
            assert_eq!(seen.as_ref(), Some(left), "{sent}");
        }
        Nothing(id) => {
            assert!(pushed.status() == (400, false) && text.contains(id), "{sent}: {text}");
        }
    }
}

fn up() -> Vec<u8> {
    series(&[("__name__", "up"), ("job", "a")], &[NOW_MILLIS])
}

fn up_of_version_2() -> Vec<u8> {
    version_2(&["", "__name__", "up"], &[1, 2], &[NOW_MILLIS])
}

/// A request of a bad series and a good one, and what is to be left of it.
fn spoilt(check: &'static str, bad: &[u8]) -> (Vec<u8>, Want) {
    (snappy(&[bad, &up()].concat()), Part(check, up()))
}

#[test]
fn remote_write_is_answered_so_that_no_sender_loses_or_repeats_what_it_should_not() {
    let world = World::new();
    let good = snappy(&up());
    let symbols = |symbols: &[&str]| symbols.iter().flat_map(|symbol| field(4, symbol.as_bytes())).collect::<Vec<_>>();
    let two = |names: &[&str], references: &[u8]| snappy(&version_2(names, references, &[NOW_MILLIS]));
    let (twice, twice_left) =
        spoilt("duplicate-label-names", &series(&[("__name__", "a"), ("b", "1"), ("b", "1")], &[NOW_MILLIS]));
    let (nameless, nameless_left) = spoilt("missing-metric-name", &series(&[("job", "a")], &[NOW_MILLIS]));
    let (utf8, utf8_left) = spoilt("metric-name-invalid", &series(&[("__name__", "é")], &[NOW_MILLIS]));
    let damaged = [label("__name__", b"a"), label("b", b"\xff"), field(2, &sample(NOW_MILLIS))].concat();
    let (damaged, damaged_left) = spoilt("label-value-invalid", &field(1, &damaged));
    let (early, early_left) = spoilt("too-far-in-future", &series(&[("__name__", "a")], &[NOW_MILLIS + 11 * 60_000]));
    let no_samples = snappy(&series(&[("__name__", "up")], &[]));
    let unsorted = series(&[("zone", "1"), ("__name__", "up"), ("job", "a")], &[NOW_MILLIS]);
    let empty_value = series(&[("__name__", "up"), ("job", "")], &[NOW_MILLIS]);
    let large = snappy(&vec![0; (32 << 20) + 1]);
    for (sent, headers, body, want) in [
        ("good, version 1.0", &[ONE, ("content-encoding", "snappy")][..] as Headers, good.clone(), Through),
        ("good, version 2.0", &[TWO, ("content-encoding", "snappy")], snappy(&up_of_version_2()), Through),
        ("an empty request: Prometheus sends some", &[ONE], snappy(b""), Through),
        ("no headers at all: Telegraf", &[], good.clone(), Through),
        ("application/json", &[("content-type", "application/json")], good.clone(), Here(415)),
        ("another media type", &[("content-type", "image/png")], good.clone(), Here(415)),
        ("APPLICATION/X-Protobuf", &[("content-type", "APPLICATION/X-Protobuf")], good.clone(), Through),
        ("a charset", &[("content-type", "application/x-protobuf;charset=utf-8")], good.clone(), Through),
        (
            "an unknown proto; Mimir: 400",
            &[("content-type", "application/x-protobuf;proto=x")],
            good.clone(),
            Here(415),
        ),
        ("gzip; Mimir: 400", &[PROTOBUF, ("content-encoding", "gzip")], gzip(&up()), Here(415)),
        ("zstd: vmagent falls back from 415", &[PROTOBUF, ("content-encoding", "zstd")], good.clone(), Here(415)),
        ("identity", &[PROTOBUF, ("content-encoding", "identity")], up(), Here(415)),
        ("SNAPPY", &[PROTOBUF, ("content-encoding", "SNAPPY")], good.clone(), Through),
        ("framed snappy", &[ONE], b"\xff\x06\0\0sNaPpY\x01\x05\0\0\x11\x22\x33\x44a".to_vec(), Here(400)),
        ("bad snappy", &[ONE], b"not snappy".to_vec(), Here(400)),
        ("an empty body", &[ONE], b"".to_vec(), Here(400)),
        ("a block of more than 32 MiB: 413 would be repeated", &[ONE], large, Here(400)),
        ("a block that promises 4 GiB", &[ONE], b"\xff\xff\xff\xff\x0f".to_vec(), Here(400)),
        ("2.0 as 1.0: Prometheus stores nothing, silently", &[ONE], snappy(&up_of_version_2()), Here(400)),
        ("1.0 as 2.0: Prometheus stores nothing", &[TWO], good, Here(400)),
        ("a name without a value: Prometheus panics", &[TWO], two(&["", "a", "b"], &[1, 2, 1]), Here(400)),
        ("a reference out of range: Prometheus panics", &[TWO], two(&["", "a"], &[1, 9]), Here(400)),
        ("2.0 of nothing: Mimir breaks off", &[TWO], snappy(b""), Here(204)),
        ("2.0 of symbols only: Mimir breaks off", &[TWO], snappy(&symbols(&["", "a"])), Here(204)),
        ("2.0, a first symbol that is not empty", &[TWO], two(&["a", "__name__", "up"], &[1, 2]), Here(400)),
        ("unsorted labels", &[ONE], snappy(&unsorted), Through),
        ("a label name twice; Prometheus: 204", &[ONE], twice, twice_left),
        ("no metric name; Prometheus: 204", &[ONE], nameless, nameless_left),
        ("an empty label value", &[ONE], snappy(&empty_value), Through),
        ("a series without labels", &[ONE], snappy(&series(&[], &[NOW_MILLIS])), Through),
        ("labels but no samples", &[ONE], no_samples, Through),
        ("a metric name beyond ASCII; Prometheus: 204", &[ONE], utf8, utf8_left),
        ("damaged UTF-8 in a value; Prometheus: 204", &[ONE], damaged, damaged_left),
        ("an unknown field", &[ONE], snappy(&[&up()[..], b"\x7a\x02hi"].concat()), Through),
        ("11 minutes in the future", &[ONE], early, early_left),
    ] {
        let pushed = push(&world, "/metrics/api/v1/push", headers, &body);
        check(sent, &pushed, &body, &want);
        if let Here(204) = want {
            assert_eq!(pushed.written(), [Some("0"); 3], "{sent}");
        }
    }
    let renamed = World::with(&[("metrics_limits", "utf8-names=1")]);
    let body = snappy(&series(&[("__name__", "é"), ("b-c", "1")], &[NOW_MILLIS]));
    check(
        "names of any letters, where they are allowed",
        &push(&renamed, "/api/v1/push", &[ONE], &body),
        &body,
        &Through,
    );
}

/// Sends a request that is no push, and returns the status and the methods that are allowed.
fn other(world: &World, function: &str, method: &Method, path: &str) -> (u16, String) {
    let headers = vec![("x-token", world.token(&cockpit_core::Scope::ALL))];
    let answer = world.send(&Sent { function, method, path: path.to_owned(), headers, body: vec![] });
    (answer.status, answer.headers.get("allow").map_or("", |allow| allow.to_str().unwrap()).to_owned())
}

#[test]
fn a_push_is_a_post_to_its_path_and_nothing_else() {
    let world = World::new();
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        for (function, path) in [("metrics-push", "/api/v1/push"), ("logs-push", "/loki/api/v1/push")] {
            let allowed = other(&world, function, &method, path);
            assert_eq!(allowed, (405, "POST".into()), "{method} {path}; Loki: 404 on GET, and no Allow");
        }
    }
    for path in ["/loki/api/v1/push/", "//loki/api/v1/push", "/api/prom/push", "/api/v1/push/"] {
        assert_eq!(other(&world, FALLBACK, &Method::POST, path).0, 404, "{path}; Loki: 301 on doubled slashes");
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: Headers = &[JSON, ("content-encoding", "gzip")];
const DEFLATE: Headers = &[JSON, ("content-encoding", "deflate")];

/// A push of one entry as JSON.
fn one_line() -> Vec<u8> {
    format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":[["{NOW}000000000","x"]]}}]}}"#).into_bytes()
}

#[test]
fn every_way_to_carry_a_push_of_logs_is_answered_as_loki_answers_it_or_better() {
    let world = World::new();
    let (text, block) = (one_line(), snappy(&stream("{a=\"b\"}", &["x"])));
    let (zipped, empty) = (gzip(&text), br#"{"streams":[{"stream":{"a":"b"},"values":[]}]}"#.to_vec());
    let (cut, large) = (|left_out: usize| zipped[..zipped.len() - left_out].to_vec(), vec![b' '; (10 << 20) + 1]);
    let two_members = [gzip(&text[..9]), gzip(&text[9..])].concat();
    for (sent, headers, body, want) in [
        ("application/json", &[JSON] as Headers, text.clone(), Through),
        ("a charset", &[("content-type", "application/json; charset=utf-8")], text.clone(), Through),
        ("in any case", &[("content-type", "Application/JSON")], text.clone(), Through),
        ("no media type", &[], block.clone(), Here(400)),
        ("an empty media type", &[("content-type", "")], block.clone(), Here(400)),
        ("protobuf", &[PROTOBUF], block.clone(), Through),
        ("protobuf under another media type", &[("content-type", "image/png")], block.clone(), Through),
        ("protobuf as text/plain", &[("content-type", "text/plain")], block.clone(), Through),
        ("JSON under another media type", &[("content-type", "text/plain")], text.clone(), Here(400)),
        ("protobuf as JSON", &[JSON], block.clone(), Here(400)),
        ("gzip", GZIP, zipped.clone(), Through),
        ("gzip of two members", GZIP, two_members, Through),
        ("gzip, cut in its checksum", GZIP, cut(4), Unpacked(text.clone())),
        ("gzip without its trailer", GZIP, cut(8), Unpacked(text.clone())),
        ("gzip with junk behind it", GZIP, [&zipped[..], b"junk"].concat(), Unpacked(text.clone())),
        ("half of a gzip", GZIP, cut(zipped.len() / 2), Here(400)),
        ("no gzip at all", GZIP, text.clone(), Here(400)),
        ("gzip around protobuf", &[PROTOBUF, ("content-encoding", "gzip")], gzip(&block), Through),
        ("gzip around JSON as protobuf", &[PROTOBUF, ("content-encoding", "gzip")], zipped.clone(), Here(400)),
        ("bare deflate", DEFLATE, deflate(&text), Through),
        ("zlib's deflate: Vector; Loki: 400", DEFLATE, zlib(&text), Unpacked(text.clone())),
        ("zstd: Fluent Bit would repeat a 415", &[JSON, ("content-encoding", "zstd")], text.clone(), Here(400)),
        ("identity; Loki: 400", &[JSON, ("content-encoding", "identity")], text.clone(), Through),
        ("GZIP; Loki: 400", &[JSON, ("content-encoding", "GZIP")], zipped.clone(), Through),
        ("gzip twice", &[JSON, ("content-encoding", "gzip, gzip")], gzip(&zipped), Here(400)),
        ("JSON that says it is snappy", &[JSON, ("content-encoding", "snappy")], text.clone(), Through),
        ("protobuf that says it is snappy", &[PROTOBUF, ("content-encoding", "snappy")], block, Through),
        ("an empty encoding", &[JSON, ("content-encoding", "")], text, Through),
        ("an empty body of JSON", &[JSON], vec![], Here(400)),
        ("an empty body of protobuf", &[PROTOBUF], vec![], Here(400)),
        ("{}; Loki: 422, which Fluent Bit repeats", &[JSON], b"{}".to_vec(), Here(400)),
        ("no streams; Loki: 422", &[JSON], br#"{"streams":[]}"#.to_vec(), Here(400)),
        ("an empty message; Loki: 422", &[PROTOBUF], snappy(b""), Here(400)),
        ("a damaged message", &[PROTOBUF], snappy(b"\x0a\xff"), Here(400)),
        ("a stream without entries", &[JSON], empty, Through),
        ("more than 10 MiB; Loki: 413, which Fluent Bit repeats", &[JSON], large, Here(400)),
        ("64 MB in a gzip of 64 KB", GZIP, gzip(&vec![b' '; 64 << 20]), Here(400)),
        ("a block that promises 4 GiB", &[PROTOBUF], b"\xff\xff\xff\xff\x0f".to_vec(), Here(400)),
    ] {
        check(sent, &push(&world, "/logs/loki/api/v1/push", headers, &body), &body, &want);
    }
}

#[test]
fn json_is_read_as_loki_reads_it() {
    let world = World::new();
    let with = |values: &str| format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":[{values}]}}]}}"#);
    let at = |rest: &str| with(&format!(r#"["{NOW}000000000"{rest}]"#));
    let labels = |labels: &str| at(r#","x""#).replace(r#"{"a":"b"}"#, labels);
    let stream = |labels: &str| format!(r#"{{"stream":{labels},"values":[["{NOW}000000000","x"]]}}"#);
    let streams = |streams: &[String]| format!(r#"{{"streams":[{}]}}"#, streams.join(","));
    let (bad, good) = (stream(r#"{"a-b":"c"}"#), stream(r#"{"a":"b"}"#));
    let beside = (streams(&[bad, good.clone()]), Part("invalid_labels", streams(&[good]).into_bytes()));
    let old = "greater_than_max_sample_age";
    for (sent, body, want) in [
        ("structured metadata", at(r#","x",{"trace":"y"}"#), Through),
        ("a time as a number", with(&format!(r#"[{NOW}000000000,"x"]"#)), Here(400)),
        ("a time with a fraction", with(r#"["1.5","x"]"#), Here(400)),
        ("a time beyond 64 bits", with(r#"["99999999999999999999","x"]"#), Here(400)),
        ("a time before 1970 is read, and too old", with(r#"["-5","x"]"#), Nothing(old)),
        ("a time in seconds is read, and too old", with(&format!(r#"["{NOW}","x"]"#)), Nothing(old)),
        ("a line that is no text", at(",5"), Here(400)),
        ("metadata that is null", at(r#","x",null"#), Here(400)),
        ("metadata that is a number", at(r#","x",{"a":5}"#), Here(400)),
        ("a time alone: the line is empty", at(""), Through),
        ("more than three elements", at(r#","x",{},5"#), Through),
        ("a null among the entries", with("null"), Through),
        ("a label that is a number", labels(r#"{"a":5}"#), Through),
        ("a label that PromQL does not know", labels(r#"{"a-b":"c"}"#), Nothing("invalid_labels")),
        ("the same beside a good stream; Loki refuses both", beside.0, beside.1),
        ("an empty label", labels(r#"{"a":""}"#), Through),
        ("no labels: Loki adds one", labels("{}"), Through),
        ("unknown members", format!(r#"{{"more":1,{}"#, &at("")[1..]), Through),
        ("something behind it", at("") + " trailing", Through),
    ] {
        check(sent, &push(&world, "/loki/api/v1/push", &[JSON], body.as_bytes()), body.as_bytes(), &want);
    }
}
