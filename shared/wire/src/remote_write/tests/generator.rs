//! Requests most of whose parts are good, and whose series are alike.

use super::NOW;
use crate::{
    random::Random,
    remote_write::reference::types::{
        BucketSpan, Count, Exemplar, Exemplar2, Histogram, Label, Metadata2, MetricMetadata, Sample, TimeSeries,
        TimeSeries2, WriteRequest, WriteRequest2, ZeroCount,
    },
};
use prost::Message;

/// A text as bytes, of which one is no text at all.
fn bytes(text: &str) -> Vec<u8> {
    if text == "\u{7f}" { vec![0xff] } else { text.into() }
}

type Pairs = Vec<(&'static str, &'static str)>;

/// What a series has besides its labels.
struct Parts {
    samples: Vec<Sample>,
    histograms: Vec<Histogram>,
    exemplars: Vec<(Pairs, i64)>,
}

/// Generates requests.
pub(super) struct Generator {
    pub(super) random: Random,
    /// Values that come again and again, but not all of them soon.
    values: Vec<&'static str>,
    /// The labels of the last series.
    last: Pairs,
    /// The time of the last sample.
    sampled: i64,
}

impl Generator {
    pub(super) fn new(random: Random) -> Self {
        let values = (0..600).map(|index| &*format!("v{index}").leak());
        Self { random, values: values.collect(), last: Vec::new(), sampled: NOW }
    }

    /// The labels of a series: often those of the last but for one or two.
    fn pairs(&mut self) -> Pairs {
        if self.last.is_empty() || self.random.below(4) == 0 {
            self.last = self.other_pairs();
        }
        for _ in 0..self.random.below(3) {
            self.change();
        }
        self.last.clone()
    }

    fn change(&mut self) {
        let (place, value) = (self.random.below(self.last.len() + 1), self.random.pick(&self.values));
        match self.random.below(8) {
            0 if place < self.last.len() => drop(self.last.remove(place)),
            1 => self.last.insert(place, ("zone", value)),
            2 if place < self.last.len() => self.last.swap(place, 0),
            3 if place < self.last.len() => self.last[place].1 = "",
            _ if place < self.last.len() && self.last[place].0 != "__name__" => self.last[place].1 = value,
            _ => {}
        }
    }

    fn other_pairs(&mut self) -> Pairs {
        let metrics = ["up", "down", "full", "over", "build_info", "a:b", "", "9x", "é", "a name that is long"];
        let metric =
            if self.random.below(3) > 0 { self.random.pick(&metrics[..5]) } else { self.random.pick(&metrics) };
        let names = ["job", "instance", "zone", "le", "__name__", "long_name_x", "a-b", "", "é"];
        let values = ["api", "1", "", "a value too long", "\u{7f}"];
        let mut pairs = vec![("__name__", metric)];
        for _ in 0..self.random.below(7) {
            let name = if self.random.below(6) > 0 { self.random.pick(&names[..4]) } else { self.random.pick(&names) };
            pairs.push((name, if self.random.below(6) > 0 { "api" } else { self.random.pick(&values) }));
        }
        if self.random.below(8) == 0 {
            pairs.remove(0);
        }
        pairs
    }

    fn time(&mut self) -> i64 {
        match self.random.below(12) {
            0 => self.random.pick(&[0, -1, i64::MIN, i64::MAX, NOW + 600_000, NOW + 600_001, NOW - 2_678_400_000]),
            1 => NOW - 2_678_400_001,
            _ => NOW - self.random.below(1000) as i64,
        }
    }

    /// Often a time that is just too old beside the last sample.
    fn exemplar_time(&mut self) -> i64 {
        let ago = 300_000 + self.random.below(3) as i64;
        if self.random.below(2) > 0 { self.time() } else { self.sampled.saturating_sub(ago) }
    }

    fn histogram(&mut self) -> Histogram {
        let deltas: Vec<i64> = (0..self.random.below(4)).map(|_| self.random.pick(&[1, 2, 0, -1])).collect();
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
            reset_hint: self.random.pick(&[0, 2]),
            timestamp: self.time(),
            ..Histogram::default()
        };
        match self.random.below(16) {
            0 => histogram.schema = self.random.pick(&[-53, -4, -5, 8, 9, i32::MIN]),
            1 => histogram.sum = f64::NAN,
            2 => histogram.count = Some(Count::Fraction(2.5)),
            3 => histogram.positive_spans.push(BucketSpan { offset: self.random.pick(&[-1, 1]), length: u32::MAX }),
            4 => histogram.negative_deltas.push(3),
            5 => histogram.positive_counts = vec![0.5, -1.0],
            6 => histogram.custom_values = vec![1.0, 2.0],
            12 => histogram.count = Some(Count::Whole(total + self.random.next() % 3)),
            7 => histogram.zero_count = Some(ZeroCount::Fraction(self.random.pick(&[0.0, 1.0]))),
            8..10 => {
                histogram.schema = -53;
                histogram.zero_count = self.random.pick(&[None, None, Some(ZeroCount::Fraction(1.0))]);
                histogram.count = Some(Count::Whole(total));
                let first = self.random.pick(&[1.0, 1.0, 1.0, f64::NEG_INFINITY, f64::NAN]);
                histogram.custom_values = vec![first, self.random.pick(&[0.5, 2.0, 3.0, f64::INFINITY, f64::NAN])];
                histogram.positive_spans[0].offset = self.random.pick(&[0, 0, 0, 1, 2, -1]);
            }
            10..12 => {
                histogram.count = Some(Count::Fraction(1.0));
                histogram.positive_counts = vec![self.random.pick(&[0.5, -0.5]); histogram.positive_deltas.len()];
                histogram.positive_deltas.clear();
            }
            _ => {}
        }
        histogram
    }

    fn some<T>(&mut self, most: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.random.below(most + 1)).map(|_| one(self)).collect()
    }

    fn sample(&mut self) -> Sample {
        self.sampled = self.time();
        Sample { value: 1.5, timestamp: self.sampled }
    }

    /// What a series has: mostly nothing but a sample.
    fn parts(&mut self) -> Parts {
        if self.random.below(2) == 0 {
            return Parts { samples: vec![self.sample()], histograms: vec![], exemplars: vec![] };
        }
        let samples = self.some(3, Self::sample);
        let histograms = self.some(1, Self::histogram);
        Parts { samples, histograms, exemplars: self.some(3, |this| (this.exemplar_pairs(), this.exemplar_time())) }
    }

    fn exemplar_pairs(&mut self) -> Pairs {
        self.some(2, |this| {
            (this.random.pick(&["trace", "trace", ""]), this.random.pick(&["x", "", "ééé", "far too long"]))
        })
    }

    /// How many series a request has: mostly few, sometimes more than are remembered.
    fn size(&mut self) -> usize {
        if self.random.below(40) == 0 { 600 } else { 6 }
    }

    pub(super) fn version1(&mut self) -> Vec<u8> {
        let label = |(name, value): (&str, &str)| Label { name: name.into(), value: bytes(value) };
        let labels = |pairs: Pairs| pairs.into_iter().map(label).collect::<Vec<_>>();
        let size = self.size();
        let timeseries = self.some(size, |this| {
            let (labels_of_it, Parts { samples, histograms, exemplars }) = (labels(this.pairs()), this.parts());
            let exemplars = exemplars.into_iter().map(|(pairs, timestamp)| Exemplar {
                labels: labels(pairs),
                value: 1.0,
                timestamp,
            });
            TimeSeries { labels: labels_of_it, samples, exemplars: exemplars.collect(), histograms }
        });
        let text = |this: &mut Self| this.random.pick(&["up", "", "too long for it"]).into();
        let metadata = self.some(2, |this| MetricMetadata {
            kind: 1,
            metric_family_name: text(this),
            help: text(this),
            unit: text(this),
        });
        WriteRequest { timeseries, metadata, ..WriteRequest::default() }.encode_to_vec()
    }

    pub(super) fn version2(&mut self) -> Vec<u8> {
        let mut symbols: Vec<Vec<u8>> = vec![vec![], b"what it is for".to_vec()];
        let mut refer = |pairs: Pairs| -> Vec<u32> {
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
        let size = self.size();
        let timeseries = self.some(size, |this| {
            let (labels_refs, Parts { samples, histograms, exemplars }) = (refer(this.pairs()), this.parts());
            let exemplars = exemplars.into_iter().map(|(pairs, timestamp)| Exemplar2 {
                labels_refs: refer(pairs),
                value: 1.0,
                timestamp,
            });
            let metadata = this.some(1, |this| Metadata2 { kind: 1, help_ref: this.random.pick(&[0, 1]), unit_ref: 0 });
            TimeSeries2 { labels_refs, samples, histograms, exemplars: exemplars.collect(), metadata }
        });
        let timeseries = timeseries.into_iter().map(|mut series| {
            series.labels_refs.truncate(series.labels_refs.len().saturating_sub(self.random.below(200) / 199));
            series
        });
        WriteRequest2 { symbols: symbols.clone(), timeseries: timeseries.collect(), ..WriteRequest2::default() }
            .encode_to_vec()
    }
}
