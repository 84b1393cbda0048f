use super::*;
use crate::{
    loki::{NO_TIME, recorder::Recorder},
    random::{Random, malformed},
    scramble::spoil,
};
use prost::Message as _;

/// The schema as prost reads it; bytes for strings, because Loki does not mind what they hold, and every time of an
/// entry, because the last counts.
#[derive(Clone, PartialEq, prost::Message)]
struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<ProtoStream>,
    #[prost(bytes = "vec", tag = "2")]
    format: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoStream {
    #[prost(bytes = "vec", tag = "1")]
    labels: Vec<u8>,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<ProtoEntry>,
    #[prost(uint64, tag = "3")]
    hash: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoEntry {
    #[prost(message, repeated, tag = "1")]
    times: Vec<Time>,
    #[prost(bytes = "vec", tag = "2")]
    line: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<Pair>,
    #[prost(message, repeated, tag = "4")]
    parsed: Vec<Pair>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Pair {
    #[prost(bytes = "vec", tag = "1")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// The walk once more, the straightforward way: over owned types, filtered and encoded again.
fn reference(request: &[u8], judge: &mut Recorder) -> Option<(usize, usize, PushRequest)> {
    let mut request = PushRequest::decode(request).ok()?;
    let times = || request.streams.iter().flat_map(|stream| &stream.entries).flat_map(|entry| &entry.times);
    let years = -62_135_596_800..253_402_300_800;
    if times().any(|time| !years.contains(&time.seconds) || !(0..1_000_000_000).contains(&time.nanos)) {
        return None;
    }
    let streams = request.streams.len();
    request.streams.retain_mut(|stream| {
        let entries = stream.entries.len();
        let mut parsed = Vec::new();
        let labels = labels::parse(&stream.labels, 1000, &mut parsed).map(|()| parsed.as_slice());
        let keep = judge.stream(&Stream { text: &stream.labels, labels, entries });
        stream.entries.retain(|entry| keep && judge.entry(&entry.judged()));
        keep && (entries == 0 || !stream.entries.is_empty())
    });
    Some((streams, request.streams.len(), request))
}

impl ProtoEntry {
    fn judged(&self) -> Entry {
        let nanos = self.times.last().map_or(NO_TIME, |time| {
            let exact = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
            i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
        });
        let counted = self.metadata.iter().filter(|pair| pair.name != b"detected_level");
        let metadata_bytes = counted.map(|pair| pair.name.len() + pair.value.len()).sum();
        Entry { nanos, line: self.line.len(), metadata: self.metadata.len(), metadata_bytes }
    }
}

fn pairs(random: &mut Random) -> Vec<Pair> {
    let names = [&b"trace"[..], b"detected_level", b"", b"\xff"];
    (0..random.below(3))
        .map(|_| Pair { name: random.pick(&names).into(), value: b"v".repeat(random.below(200)) })
        .collect()
}

fn arbitrary(random: &mut Random) -> PushRequest {
    let seconds = [0, 1, -1, 1_700_000_000, SECONDS.start, SECONDS.end - 1, 9_223_372_036, 9_223_372_037];
    let texts = [r#"{a="b"}"#, r#"{a="b",c="d"}"#, "{}", "", "{a", r#"{b="\x41"}"#];
    let entry = |random: &mut Random| ProtoEntry {
        times: (0..random.below(4).min(1))
            .map(|_| Time { seconds: random.pick(&seconds), nanos: 999_999_999 })
            .collect(),
        line: b"l".repeat(random.below(300)),
        metadata: pairs(random),
        parsed: pairs(random),
    };
    let stream = |random: &mut Random| ProtoStream {
        labels: random.pick(&texts).into(),
        entries: (0..random.below(5)).map(|_| entry(random)).collect(),
        hash: random.next(),
    };
    PushRequest { streams: (0..random.below(5)).map(|_| stream(random)).collect(), format: b"loki".to_vec() }
}

/// Compares a walk with the reference: verdict, what the judge is told, and what is left.
pub(crate) fn compare(request: &[u8], seed: u64, of_four: usize) -> bool {
    let (mut ours, mut theirs) = (Recorder::new(seed, of_four), Recorder::new(seed, of_four));
    let (walked, want) = (walk(request, &mut ours), reference(request, &mut theirs));
    assert_eq!(walked.is_ok(), want.is_some(), "{walked:?}: {request:?}");
    let (Ok(judged), Some((streams, kept, left))) = (walked, want) else { return false };
    assert_eq!(ours.seen, theirs.seen);
    assert_eq!((judged.streams, judged.kept), (streams, kept));
    assert_eq!(PushRequest::decode(judged.patch.apply(request).unwrap().as_slice()), Ok(left), "{request:?}");
    true
}

/// Pushes of all kinds.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut random = Random::new(1);
    (0..100).map(|_| arbitrary(&mut random).encode_to_vec()).collect()
}

#[test]
fn what_is_kept_is_what_a_generated_decoder_would_keep() {
    let mut random = Random::new(1);
    for seed in 0..2_000 {
        let request = arbitrary(&mut random).encode_to_vec();
        for of_four in [0, 2, 3, 4] {
            assert!(compare(&request, seed, of_four));
        }
    }
}

#[test]
fn a_push_of_which_all_is_kept_stays_as_it_is() {
    let mut random = Random::new(2);
    for _ in 0..200 {
        let request = arbitrary(&mut random).encode_to_vec();
        assert!(walk(&request, &mut Recorder::new(0, 4)).unwrap().patch.is_empty());
    }
}

/// Bytes that turn one field into another.
const ALPHABET: &[u8] = b"\x08\x0a\x10\x12\x18\x1a\x22\x0b\x0c\x00\x80\xff";

#[test]
fn the_malformed_corpus_gets_the_same_verdicts_from_the_walker_and_from_the_reference() {
    let mut random = Random::new(1);
    let requests = std::iter::repeat_with(|| arbitrary(&mut random).encode_to_vec());
    let (mut good, mut bad) = (0_u32, 0_u32);
    for request in requests.filter(|request| (150..600).contains(&request.len())).take(4) {
        for (seed, request) in (0..).zip(malformed(&request, ALPHABET)) {
            *if compare(&request, seed, 3) { &mut good } else { &mut bad } += 1;
        }
    }
    assert!(good > 2_000 && bad > 10_000, "{good} are well formed, {bad} are not");
}

#[test]
fn damaged_requests_get_the_verdict_of_a_generated_decoder() {
    let mut random = Random::new(3);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for seed in 0..40_000 {
        let mut request = arbitrary(&mut random).encode_to_vec();
        for _ in 0..=random.below(2) {
            match random.below(2) {
                0 => random.damage(&mut request, ALPHABET),
                _ => request = spoil(&mut random, &request, ALPHABET),
            }
        }
        *if compare(&request, seed, 3) { &mut accepted } else { &mut refused } += 1;
    }
    assert!(refused > 5_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
}

#[test]
fn a_number_of_32_bits_keeps_the_low_half_of_what_is_sent() {
    for nanos in [&b"\x85\x80\x80\x80\x10"[..], b"\xff\xff\xff\xff\x1f", b"\x80\x94\xeb\xdc\x03"] {
        let time = [&b"\x10"[..], nanos].concat();
        let entry = [&b"\x0a"[..], &[u8::try_from(time.len()).unwrap()], &time].concat();
        let stream = [&b"\x12"[..], &[u8::try_from(entry.len()).unwrap()], &entry].concat();
        compare(&[&b"\x0a"[..], &[u8::try_from(stream.len()).unwrap()], &stream].concat(), 0, 4);
    }
}

#[test]
fn lengths_and_tags_that_are_longer_than_needed_survive_a_cut() {
    let entry = b"\x12\x02\x0a\x00".to_vec();
    let stream = [&b"\x0a\x00"[..], &entry, &entry].concat();
    let request = [&b"\x8a\x00\x8a\x80\x00"[..], &stream].concat();
    for seed in 0..20 {
        assert!(compare(&request, seed, 2));
    }
}

#[test]
fn a_stream_is_told_with_its_labels_wherever_they_stand() {
    let late = b"\x0a\x0b\x12\x00\x0a\x07{a=\"b\"}";
    let mut judge = Recorder::new(0, 4);
    walk(late, &mut judge).unwrap();
    let mut parsed = Vec::new();
    labels::parse(b"{a=\"b\"}", 9, &mut parsed).unwrap();
    let want: Result<_, labels::LabelsError> = Ok(parsed.as_slice());
    assert_eq!(judge.seen[0], format!("{:?}", (want, 1)));
}
