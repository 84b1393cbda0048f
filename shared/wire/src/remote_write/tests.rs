mod budgets;
mod generator;
mod histograms;

use super::{
    reference::{
        self, Rules,
        types::{
            Label, Plain, Request, Sample, Series, TimeSeries, TimeSeries2, Version1, Version2, WriteRequest,
            WriteRequest2,
        },
    },
    *,
};
use crate::{
    checks::{Check, Limit, Limits},
    identity::{Admission, Admitted, Identity, Open},
    protobuf::ProtobufError,
    random::{Random, malformed},
    scramble::{scramble, spoil},
    snappy,
};
use generator::Generator;
use prost::Message;
use std::collections::{BTreeMap, HashSet};

const NOW: i64 = 1_700_000_000_000;
const KEY: [u8; 16] = [7; 16];

/// Admits all but a few, and none with a certain label, and remembers who asked.
struct Refusing {
    refused: HashSet<u64>,
    watched: [(String, String); 1],
    asked: Vec<u64>,
}

impl Admission for Refusing {
    fn key(&self) -> [u8; 16] {
        KEY
    }

    fn watched(&self) -> &[(String, String)] {
        &self.watched
    }

    fn admit(&mut self, identity: u64, marks: u64) -> Admitted {
        self.asked.push(identity);
        match marks {
            1 => Admitted::OverBudget,
            _ if self.refused.contains(&identity) => Admitted::Full,
            _ => Admitted::Yes,
        }
    }
}

/// Bytes that turn one field into another.
const ALPHABET: &[u8] = b"\x00\x01\x02\x08\x0a\x10\x12\x1a\x22\x2a\x7f\x80\xff";

type Walk = fn(&[u8], &mut Validator<'_, Refusing>) -> Result<Judged, ProtobufError>;

/// Small limits, so that small requests come to all of them.
fn limits() -> Limits {
    [
        (Limit::Labels, 4),
        (Limit::InfoLabels, 5),
        (Limit::LabelName, 10),
        (Limit::LabelValue, 12),
        (Limit::HistogramBuckets, 2),
        (Limit::Exemplars, 2),
        (Limit::ExemplarLabels, 12),
        (Limit::MetadataText, 8),
    ]
    .into_iter()
    .fold(Limits::default(), |limits, (limit, value)| limits.with(limit, value))
}

/// The identities of all series of a metric, computed from owned labels.
fn identities(plain: &Plain, metric: &[u8]) -> HashSet<u64> {
    let identity = Identity::new(&KEY);
    let mut identities = HashSet::new();
    for Series { labels, .. } in &plain.series {
        let mut labels = labels.clone();
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort_by(|a, b| a.0.cmp(&b.0));
        if labels.iter().any(|(name, value)| name == METRIC_NAME && value == metric) {
            identities.insert(identity.series(labels.iter().map(|(name, value)| identity.label(name, value))));
        }
    }
    identities
}

/// Compares the walk with the reference; returns whether the body was well formed.
fn compare<R: Request + std::fmt::Debug>(
    body: &[u8],
    limits: &Limits,
    walk: Walk,
    plain: impl Fn(&R) -> &Plain,
    counts: &mut BTreeMap<Check, u32>,
) -> bool {
    let identity = Identity::new(&KEY);
    let rules = Rules { limits, now: NOW, identity, refused: b"full", over_budget: b"over", exemplars_since: i64::MIN };
    let refused = R::decode(body).map(|request| identities(plain(&request), b"full")).unwrap_or_default();
    let mut admission = Refusing { refused, watched: [("__name__".into(), "over".into())], asked: Vec::new() };
    let ours = validate(limits, NOW, &mut admission, |judge| walk(body, judge));
    let theirs = reference::judge::<R>(body, &rules);
    let Ok((judged, report)) = ours else {
        assert!(theirs.is_none(), "{ours:?} against {theirs:?} of {body:02x?}");
        return false;
    };
    let theirs = theirs.unwrap_or_else(|| panic!("only the reference refuses {body:02x?}"));
    let ours: BTreeMap<_, _> = report.reasons().map(|reason| (reason.check, reason.count)).collect();
    assert_eq!(ours, theirs.counts, "{body:02x?}");
    assert_eq!((judged.sent, judged.kept), (theirs.sent, theirs.kept), "{body:02x?}");
    // Who validates twice asks twice.
    let (once, again) = admission.asked.split_at(theirs.asked.len());
    assert!(once == theirs.asked && (again.is_empty() || again == once), "{body:02x?}");
    let left = judged.patch.apply(body).unwrap();
    assert_eq!(judged.patch.deflate(body).map(|block| snappy::inflate(&block, 1 << 20)), Ok(Ok(left.clone())));
    let left = R::decode(&left).unwrap();
    // By their text, because not every number equals itself.
    assert_eq!(format!("{left:?}"), format!("{:?}", theirs.left), "{body:02x?}");
    assert_eq!(judged.patch.is_empty(), judged.sent == judged.kept, "only what is cut is cut");
    theirs.counts.into_iter().for_each(|(check, count)| *counts.entry(check).or_default() += count);
    true
}

/// Compares the judgements of a body, whatever it is.
pub(crate) fn agree_on_version1(body: &[u8]) {
    agree_on::<Version1>(body, |body, judge| version1::walk(body, judge), |request| &request.0);
}

/// The same of version 2.
pub(crate) fn agree_on_version2(body: &[u8]) {
    agree_on::<Version2>(body, |body, judge| version2::walk(body, judge), |request| &request.0);
}

fn agree_on<R: Request + std::fmt::Debug>(body: &[u8], walk: Walk, plain: impl Fn(&R) -> &Plain + Copy) {
    for limits in [limits(), limits().with(Limit::Utf8Names, 1)] {
        compare(body, &limits, walk, plain, &mut BTreeMap::new());
    }
}

/// Requests of each version.
pub(crate) fn seeds() -> [Vec<Vec<u8>>; 2] {
    let mut generator = Generator::new(Random::new(1));
    [Generator::version1, Generator::version2].map(|generate| (0..100).map(|_| generate(&mut generator)).collect())
}

/// The corpus: generated requests, and what damage makes of them.
fn agree<R: Request + std::fmt::Debug>(
    generate: impl Fn(&mut Generator) -> Vec<u8>,
    walk: Walk,
    plain: impl Fn(&R) -> &Plain + Copy,
) -> BTreeMap<Check, u32> {
    let (limits, utf8) = (limits(), limits().with(Limit::Utf8Names, 1));
    let mut generator = Generator::new(Random::new(1));
    let (mut counts, mut malformed) = (BTreeMap::new(), 0);
    for _ in 0..3_000 {
        let mut body = generate(&mut generator);
        assert!(compare(&body, &limits, walk, plain, &mut counts) || body.is_empty() || walk_is_odd(&body));
        compare(&body, &utf8, walk, plain, &mut counts);
        body = scramble(&mut generator.random, &body);
        compare(&body, &limits, walk, plain, &mut counts);
        let spoilt = spoil(&mut generator.random, &body, ALPHABET);
        compare(&spoilt, &limits, walk, plain, &mut counts);
        for _ in 0..1 + generator.random.below(4) {
            generator.random.damage(&mut body, ALPHABET);
        }
        malformed += u32::from(!compare(&body, &limits, walk, plain, &mut counts));
    }
    assert!(malformed > 300, "only {malformed} requests were malformed");
    counts
}

/// The generator of version 2 leaves a name without a value at times.
fn walk_is_odd(body: &[u8]) -> bool {
    version2::walk(body, &mut Validator::new(&limits(), NOW, &mut Open)) == Err(ProtobufError::OddReferences)
}

#[test]
fn version_1_is_judged_as_the_reference_judges_it() {
    let counts =
        agree::<Version1>(Generator::version1, |body, judge| version1::walk(body, judge), |request| &request.0);
    let seen = |signal| crate::checks::CHECKS.iter().filter(move |row| row.signal == signal);
    let missing: Vec<_> = seen(crate::checks::Signal::Metrics).filter(|row| !counts.contains_key(&row.check)).collect();
    assert!(missing.is_empty(), "the corpus has no case of {missing:?}");
}

#[test]
fn version_2_is_judged_as_the_reference_judges_it() {
    let counts =
        agree::<Version2>(Generator::version2, |body, judge| version2::walk(body, judge), |request| &request.0);
    assert!(counts.len() >= 20, "the corpus has cases of {counts:?} only");
}

/// Generated requests, damaged in every way: how many are well formed still, and how many are not.
fn replay<R: Request + std::fmt::Debug>(
    generate: impl Fn(&mut Generator) -> Vec<u8>,
    walk: Walk,
    plain: impl Fn(&R) -> &Plain + Copy,
) -> [u32; 2] {
    let (limits, mut counts, mut verdicts) = (limits(), BTreeMap::new(), [0, 0]);
    let mut generator = Generator::new(Random::new(1));
    let bodies = std::iter::repeat_with(|| generate(&mut generator)).filter(|body| (150..400).contains(&body.len()));
    for body in bodies.take(4).collect::<Vec<_>>() {
        for body in malformed(&body, ALPHABET) {
            verdicts[usize::from(!compare(&body, &limits, walk, plain, &mut counts))] += 1;
        }
    }
    verdicts
}

#[test]
fn the_malformed_corpus_gets_the_same_verdicts_from_the_walker_and_from_the_reference() {
    for [good, bad] in [
        replay::<Version1>(Generator::version1, |body, judge| version1::walk(body, judge), |request| &request.0),
        replay::<Version2>(Generator::version2, |body, judge| version2::walk(body, judge), |request| &request.0),
    ] {
        assert!(good > 2_000 && bad > 10_000, "{good} are well formed, {bad} are not");
    }
}

#[test]
fn each_version_refuses_the_other() {
    let limits = Limits::default();
    let first = |body: &[u8]| version1::walk(body, &mut Validator::new(&limits, NOW, &mut Open)).map(|_| ());
    let second = |body: &[u8]| version2::walk(body, &mut Validator::new(&limits, NOW, &mut Open)).map(|_| ());
    for (body, of_first, of_second) in [
        (&b""[..], Ok(()), Ok(())),
        (b"\x7a\x02hi", Ok(()), Ok(())),
        (b"\x22\x00", Err(ProtobufError::WrongMessage), Ok(())),
        (b"\x2a\x00", Err(ProtobufError::WrongMessage), Ok(())),
        (b"\x0a\x00", Ok(()), Err(ProtobufError::WrongMessage)),
        (b"\x1a\x00", Ok(()), Err(ProtobufError::WrongMessage)),
        (b"\x22\x01a", Err(ProtobufError::WrongMessage), Err(ProtobufError::FirstSymbol)),
        (b"\x2a\x03\x0a\x01\x00", Err(ProtobufError::WrongMessage), Err(ProtobufError::OddReferences)),
        (b"\x2a\x04\x0a\x02\x01\x01", Err(ProtobufError::WrongMessage), Err(ProtobufError::UnknownSymbol)),
        (b"\x2a\x04\x2a\x02\x18\x09", Err(ProtobufError::WrongMessage), Err(ProtobufError::UnknownSymbol)),
    ] {
        assert_eq!((first(body), second(body)), (of_first, of_second), "{body:02x?}");
    }
}

#[test]
fn a_label_behind_others_is_not_taken_for_one_whose_bytes_are_its_own() {
    let field = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
    let inner = [field(0x0a, b"job"), field(0x12, b"a")].concat();
    let leading = field(0x0a, &inner);
    // Its name is what the leading label consists of, so that its content is that label byte for byte.
    let stray = field(0x0a, &leading);
    let metric = field(0x0a, &[field(0x0a, b"__name__"), field(0x12, b"up")].concat());
    let sample = field(0x12, &Sample { value: 1.0, timestamp: NOW }.encode_to_vec());
    let series = |parts: &[&[u8]]| field(0x0a, &parts.concat());
    // In turns, so that labels are looked up and not known by their places.
    let two = [series(&[&metric, &leading, &sample, &stray]), series(&[&metric, &sample])];
    let (body, mut counts) = (two.concat().repeat(4), BTreeMap::new());
    assert!(compare::<Version1>(
        &body,
        &limits(),
        |body, judge| version1::walk(body, judge),
        |one| &one.0,
        &mut counts
    ));
}

#[test]
fn more_symbols_than_can_be_held_are_refused() {
    let body = b"\x22\x00".repeat((1 << 20) + 1);
    let limits = Limits::default();
    let walked = version2::walk(&body, &mut Validator::new(&limits, NOW, &mut Open));
    assert_eq!(walked, Err(ProtobufError::TooManySymbols));
}

#[test]
fn a_series_is_known_again_however_it_is_sent() {
    let pairs = [("zone", "1"), ("__name__", "up"), ("empty", ""), ("job", "api")];
    let sample = Sample { value: 1.0, timestamp: NOW };
    let mut seen = HashSet::new();
    struct Noting<'n>(&'n mut HashSet<u64>);
    impl Admission for Noting<'_> {
        fn key(&self) -> [u8; 16] {
            KEY
        }
        fn admit(&mut self, identity: u64, _: u64) -> Admitted {
            self.0.insert(identity);
            Admitted::Yes
        }
    }
    let limits = Limits::default();
    for turn in 0..4 {
        let mut turned = pairs.to_vec();
        turned.rotate_left(turn);
        let labels = turned.iter().map(|(name, value)| Label { name: (*name).into(), value: (*value).into() });
        let series = TimeSeries { labels: labels.collect(), samples: vec![sample], ..TimeSeries::default() };
        let body = WriteRequest { timeseries: vec![series], ..WriteRequest::default() }.encode_to_vec();
        version1::walk(&body, &mut Validator::new(&limits, NOW, &mut Noting(&mut seen))).unwrap();

        let texts = turned.iter().flat_map(|(name, value)| [name.as_bytes().to_vec(), value.as_bytes().to_vec()]);
        let symbols: Vec<_> = std::iter::once(vec![]).chain(texts).collect();
        let series = TimeSeries2 { labels_refs: (1..=8).collect(), samples: vec![sample], ..TimeSeries2::default() };
        let body = WriteRequest2 { symbols, timeseries: vec![series], ..WriteRequest2::default() }.encode_to_vec();
        version2::walk(&body, &mut Validator::new(&limits, NOW, &mut Noting(&mut seen))).unwrap();
    }
    assert_eq!(seen.len(), 1);
}
