use super::{
    reference::{
        self, Rules,
        types::{
            BucketSpan, Count, Exemplar, Exemplar2, Histogram, Label, Metadata2, MetricMetadata, Plain, Request,
            Sample, Series, TimeSeries, TimeSeries2, Version1, Version2, WriteRequest, WriteRequest2, ZeroCount,
        },
    },
    *,
};
use crate::{
    checks::{Check, Limit, Limits},
    identity::{Admission, Identity, Open},
    protobuf::ProtobufError,
    random::{Random, rounds},
};
use prost::Message;
use std::collections::{BTreeMap, HashSet};

const NOW: i64 = 1_700_000_000_000;
const KEY: [u8; 16] = [7; 16];

/// Admits all but a few.
struct Refusing(HashSet<u64>);

impl Admission for Refusing {
    fn key(&self) -> [u8; 16] {
        KEY
    }

    fn admit(&mut self, identity: u64) -> bool {
        !self.0.contains(&identity)
    }
}

type Walk = fn(&[u8], &mut Validator<'_, Refusing>) -> Result<Judged, ProtobufError>;

/// Small limits, so that small requests come to all of them.
fn limits() -> Limits {
    [
        (Limit::Labels, 4),
        (Limit::InfoLabels, 5),
        (Limit::LabelName, 10),
        (Limit::LabelValue, 12),
        (Limit::HistogramBuckets, 2),
        (Limit::ExemplarLabels, 12),
        (Limit::MetadataText, 8),
    ]
    .into_iter()
    .fold(Limits::default(), |limits, (limit, value)| limits.with(limit, value))
}

/// A text as bytes, of which one is no text at all.
fn bytes(text: &str) -> Vec<u8> {
    if text == "\u{7f}" { vec![0xff] } else { text.into() }
}

/// Generates requests most of whose parts are good.
struct Generator(Random);

impl Generator {
    fn pairs(&mut self) -> Vec<(&'static str, &'static str)> {
        let metrics = ["up", "down", "full", "build_info", "a:b", "", "9x", "é", "a name that is long"];
        let metric = if self.0.below(3) > 0 { self.0.pick(&metrics[..4]) } else { self.0.pick(&metrics) };
        let names = ["job", "instance", "zone", "le", "__name__", "long_name_x", "a-b", "", "é"];
        let values = ["api", "1", "", "a value too long", "\u{7f}"];
        let mut pairs = vec![("__name__", metric)];
        for _ in 0..self.0.below(7) {
            let name = if self.0.below(6) > 0 { self.0.pick(&names[..4]) } else { self.0.pick(&names) };
            pairs.push((name, if self.0.below(6) > 0 { "api" } else { self.0.pick(&values) }));
        }
        if self.0.below(8) == 0 {
            pairs.remove(0);
        }
        pairs
    }

    fn time(&mut self) -> i64 {
        match self.0.below(12) {
            0 => self.0.pick(&[0, -1, i64::MIN, i64::MAX, NOW + 600_000, NOW + 600_001, NOW - 2_678_400_000]),
            1 => NOW - 2_678_400_001,
            _ => NOW - self.0.below(1000) as i64,
        }
    }

    fn histogram(&mut self) -> Histogram {
        let deltas: Vec<i64> = (0..self.0.below(4)).map(|_| self.0.pick(&[1, 2, 0, -1])).collect();
        let running = deltas.iter().scan(0, |sum: &mut i64, delta| {
            *sum += delta;
            Some(*sum)
        });
        let total = u64::try_from(running.sum::<i64>()).unwrap_or(0);
        let mut histogram = Histogram {
            count: Some(Count::Whole(total + 1)),
            zero_count: Some(ZeroCount::Whole(1)),
            positive_spans: vec![BucketSpan { offset: -2, length: u32::try_from(deltas.len()).unwrap() }],
            positive_deltas: deltas,
            timestamp: self.time(),
            ..Histogram::default()
        };
        match self.0.below(16) {
            0 => histogram.schema = self.0.pick(&[-53, -4, -5, 8, 9, i32::MIN]),
            1 => histogram.sum = f64::NAN,
            2 => histogram.count = Some(Count::Fraction(2.5)),
            3 => histogram.positive_spans.push(BucketSpan { offset: self.0.pick(&[-1, 1]), length: u32::MAX }),
            4 => histogram.negative_deltas.push(3),
            5 => histogram.positive_counts = vec![0.5, -1.0],
            6 => histogram.custom_values = vec![1.0, 2.0],
            12 => histogram.count = Some(Count::Whole(total + self.0.next() % 3)),
            7 => histogram.zero_count = Some(ZeroCount::Fraction(0.0)),
            8..10 => {
                histogram.schema = -53;
                histogram.zero_count = None;
                histogram.count = Some(Count::Whole(total));
                histogram.custom_values = vec![1.0, self.0.pick(&[0.5, 2.0, 3.0, f64::INFINITY, f64::NAN])];
                histogram.positive_spans[0].offset = self.0.pick(&[0, 0, 0, 1, 2]);
            }
            10..12 => {
                histogram.count = Some(Count::Fraction(1.0));
                histogram.positive_counts = vec![self.0.pick(&[0.5, -0.5]); histogram.positive_deltas.len()];
                histogram.positive_deltas.clear();
            }
            _ => {}
        }
        histogram
    }

    fn some<T>(&mut self, most: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.0.below(most + 1)).map(|_| one(self)).collect()
    }

    fn sample(&mut self) -> Sample {
        Sample { value: 1.5, timestamp: self.time() }
    }

    fn exemplar_pairs(&mut self) -> Vec<(&'static str, &'static str)> {
        self.some(2, |this| ("trace", this.0.pick(&["x", "ééé", "far too long"])))
    }

    fn version1(&mut self) -> Vec<u8> {
        let label = |(name, value): (&str, &str)| Label { name: name.into(), value: bytes(value) };
        let labels = |pairs: Vec<(&'static str, &'static str)>| pairs.into_iter().map(label).collect::<Vec<_>>();
        let timeseries = self.some(6, |this| TimeSeries {
            labels: labels(this.pairs()),
            samples: this.some(3, Self::sample),
            exemplars: this.some(2, |this| Exemplar {
                labels: labels(this.exemplar_pairs()),
                value: 1.0,
                timestamp: this.time(),
            }),
            histograms: this.some(1, Self::histogram),
        });
        let text = |this: &mut Self| this.0.pick(&["up", "", "too long for it"]).into();
        let metadata = self.some(2, |this| MetricMetadata {
            kind: 1,
            metric_family_name: text(this),
            help: text(this),
            unit: text(this),
        });
        WriteRequest { timeseries, metadata, ..WriteRequest::default() }.encode_to_vec()
    }

    fn version2(&mut self) -> Vec<u8> {
        let mut symbols: Vec<Vec<u8>> = vec![vec![]];
        let mut refer = |pairs: Vec<(&'static str, &'static str)>| -> Vec<u32> {
            let mut one = |text: &str| {
                let known = symbols.iter().position(|symbol| *symbol == bytes(text));
                let index = known.unwrap_or_else(|| {
                    symbols.push(bytes(text));
                    symbols.len() - 1
                });
                u32::try_from(index).unwrap()
            };
            pairs.into_iter().flat_map(|(name, value)| [one(name), one(value)]).collect()
        };
        let timeseries = self.some(6, |this| TimeSeries2 {
            labels_refs: refer(this.pairs()),
            samples: this.some(3, Self::sample),
            histograms: this.some(1, Self::histogram),
            exemplars: this.some(2, |this| Exemplar2 {
                labels_refs: refer(this.exemplar_pairs()),
                value: 1.0,
                timestamp: this.time(),
            }),
            metadata: this.some(1, |this| Metadata2 { kind: 1, help_ref: this.0.pick(&[0, 1]), unit_ref: 0 }),
        });
        let timeseries = timeseries.into_iter().map(|mut series| {
            series.labels_refs.truncate(series.labels_refs.len() - self.0.below(400) / 399);
            series
        });
        WriteRequest2 { symbols: symbols.clone(), timeseries: timeseries.collect(), ..WriteRequest2::default() }
            .encode_to_vec()
    }
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
    let rules = Rules { limits, now: NOW, refused: b"full" };
    let refused = R::decode(body).map(|request| identities(plain(&request), b"full")).unwrap_or_default();
    let mut admission = Refusing(refused);
    let mut validator = Validator::new(limits, NOW, &mut admission);
    let (ours, theirs) = (walk(body, &mut validator), reference::judge::<R>(body, &rules));
    let report = validator.into_report();
    let Ok(judged) = ours else {
        assert!(theirs.is_none(), "{ours:?} against {theirs:?} of {body:02x?}");
        return false;
    };
    let theirs = theirs.unwrap_or_else(|| panic!("only the reference refuses {body:02x?}"));
    let ours: BTreeMap<_, _> = report.reasons().map(|reason| (reason.check, reason.count)).collect();
    assert_eq!(ours, theirs.counts, "{body:02x?}");
    assert_eq!((judged.sent, judged.kept), (theirs.sent, theirs.kept), "{body:02x?}");
    let left = R::decode(&judged.patch.apply(body)).unwrap();
    // By their text, because not every number equals itself.
    assert_eq!(format!("{left:?}"), format!("{:?}", theirs.left), "{body:02x?}");
    assert_eq!(judged.patch.is_empty(), judged.sent == judged.kept, "only what is cut is cut");
    theirs.counts.into_iter().for_each(|(check, count)| *counts.entry(check).or_default() += count);
    true
}

/// The corpus: generated requests, and what damage makes of them.
fn agree<R: Request + std::fmt::Debug>(
    generate: impl Fn(&mut Generator) -> Vec<u8>,
    walk: Walk,
    plain: impl Fn(&R) -> &Plain + Copy,
) -> BTreeMap<Check, u32> {
    let (limits, utf8) = (limits(), limits().with(Limit::Utf8Names, 1));
    let mut generator = Generator(Random::new(1));
    let (mut counts, mut malformed) = (BTreeMap::new(), 0);
    for _ in 0..rounds(3_000) {
        let mut body = generate(&mut generator);
        assert!(compare(&body, &limits, walk, plain, &mut counts) || body.is_empty() || walk_is_odd(&body));
        compare(&body, &utf8, walk, plain, &mut counts);
        for _ in 0..1 + generator.0.below(4) {
            generator.0.damage(&mut body, b"\x00\x01\x02\x08\x0a\x10\x12\x1a\x22\x2a\x7f\x80\xff");
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
        fn admit(&mut self, identity: u64) -> bool {
            self.0.insert(identity);
            true
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
