//! The messages as owned types, and one form of a series for both versions.

use prost::{DecodeError, Message, Oneof};

pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A series, of which the reference removes parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: Pairs,
    pub(crate) samples: Vec<i64>,
    pub(crate) histograms: Vec<Histogram>,
    pub(crate) exemplars: Vec<(Pairs, i64)>,
}

/// A request of either version, as its series.
pub(crate) trait Request: Sized {
    fn decode(body: &[u8]) -> Result<Self, DecodeError>;
    /// Whether it keeps the rules that its schema cannot express.
    fn is_sound(&self) -> bool;
    fn metadata(&mut self) -> &mut Vec<MetricMetadata>;
    fn retain(&mut self, keep: impl FnMut(&mut Series) -> bool);
}

/// What both versions come to: what there is, without how it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plain {
    pub(crate) series: Vec<Series>,
    pub(crate) metadata: Vec<MetricMetadata>,
    sound: bool,
}

macro_rules! plain {
    ($name:ident, $message:ident) => {
        /// A request of this version, in its plain form.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name(pub(crate) Plain);

        impl Request for $name {
            fn decode(body: &[u8]) -> Result<Self, DecodeError> {
                <$message as Message>::decode(body).map(|message| Self(message.plain()))
            }

            fn is_sound(&self) -> bool {
                self.0.sound
            }

            fn metadata(&mut self) -> &mut Vec<MetricMetadata> {
                &mut self.0.metadata
            }

            fn retain(&mut self, keep: impl FnMut(&mut Series) -> bool) {
                self.0.series.retain_mut(keep);
            }
        }
    };
}

plain!(Version1, WriteRequest);
plain!(Version2, WriteRequest2);

impl WriteRequest {
    fn plain(self) -> Plain {
        let pairs = |labels: Vec<Label>| labels.into_iter().map(|label| (label.name, label.value)).collect();
        let series = self.timeseries.into_iter().map(|series| Series {
            labels: pairs(series.labels),
            samples: series.samples.iter().map(|sample| sample.timestamp).collect(),
            histograms: series.histograms,
            exemplars: series.exemplars.into_iter().map(|one| (pairs(one.labels), one.timestamp)).collect(),
        });
        let sound = self.symbols.is_empty() && self.series_of_version_2.is_empty();
        Plain { series: series.collect(), metadata: self.metadata, sound }
    }
}

impl WriteRequest2 {
    fn plain(self) -> Plain {
        let symbol = |reference: u32| self.symbols.get(reference as usize).cloned();
        let pairs = |references: &[u32]| -> Option<Pairs> {
            let (pairs, []) = references.as_chunks::<2>() else { return None };
            pairs.iter().map(|[name, value]| Some((symbol(*name)?, symbol(*value)?))).collect()
        };
        // A reference that is not written is none.
        let known = |reference: u32| reference == 0 || symbol(reference).is_some();
        let series = |series: &TimeSeries2| {
            let exemplars = series.exemplars.iter().map(|one| Some((pairs(&one.labels_refs)?, one.timestamp)));
            Some(Series {
                labels: pairs(&series.labels_refs)?,
                samples: series.samples.iter().map(|sample| sample.timestamp).collect(),
                histograms: series.histograms.clone(),
                exemplars: exemplars.collect::<Option<_>>()?,
            })
        };
        let told = |series: &TimeSeries2| series.metadata.iter().all(|one| known(one.help_ref) && known(one.unit_ref));
        let all: Option<Vec<_>> = self.timeseries.iter().map(series).collect();
        let sound = all.is_some()
            && self.timeseries.iter().all(told)
            && self.symbols.first().is_none_or(Vec::is_empty)
            && self.reserved_1.is_empty()
            && self.reserved_3.is_empty();
        Plain { series: all.unwrap_or_default(), metadata: vec![], sound }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) timeseries: Vec<TimeSeries>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) metadata: Vec<MetricMetadata>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub(crate) symbols: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub(crate) series_of_version_2: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) exemplars: Vec<Exemplar>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Label {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) name: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Sample {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
    #[prost(int64, tag = "3")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetricMetadata {
    #[prost(int32, tag = "1")]
    pub(crate) kind: i32,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) metric_family_name: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) help: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) unit: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct BucketSpan {
    #[prost(sint32, tag = "1")]
    pub(crate) offset: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) length: u32,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(crate) enum Count {
    #[prost(uint64, tag = "1")]
    Whole(u64),
    #[prost(double, tag = "2")]
    Fraction(f64),
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(crate) enum ZeroCount {
    #[prost(uint64, tag = "6")]
    Whole(u64),
    #[prost(double, tag = "7")]
    Fraction(f64),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Histogram {
    #[prost(oneof = "Count", tags = "1, 2")]
    pub(crate) count: Option<Count>,
    #[prost(double, tag = "3")]
    pub(crate) sum: f64,
    #[prost(sint32, tag = "4")]
    pub(crate) schema: i32,
    #[prost(double, tag = "5")]
    pub(crate) zero_threshold: f64,
    #[prost(oneof = "ZeroCount", tags = "6, 7")]
    pub(crate) zero_count: Option<ZeroCount>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) negative_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "9")]
    pub(crate) negative_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "10")]
    pub(crate) negative_counts: Vec<f64>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "12")]
    pub(crate) positive_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "13")]
    pub(crate) positive_counts: Vec<f64>,
    #[prost(int32, tag = "14")]
    pub(crate) reset_hint: i32,
    #[prost(int64, tag = "15")]
    pub(crate) timestamp: i64,
    #[prost(double, repeated, tag = "16")]
    pub(crate) custom_values: Vec<f64>,
}

impl Histogram {
    pub(crate) fn is_fraction(&self) -> bool {
        matches!(self.count, Some(Count::Fraction(_)))
    }

    pub(crate) fn whole_count(&self) -> Option<u64> {
        match self.count {
            Some(Count::Whole(count)) => Some(count),
            Some(Count::Fraction(_)) => None,
            None => Some(0),
        }
    }

    pub(crate) fn whole_zero_count(&self) -> u64 {
        match self.zero_count {
            Some(ZeroCount::Whole(count)) => count,
            Some(ZeroCount::Fraction(_)) | None => 0,
        }
    }

    pub(crate) fn zero_is_empty(&self) -> bool {
        match self.zero_count {
            Some(ZeroCount::Fraction(count)) if self.is_fraction() => count == 0.0,
            _ => self.is_fraction() || self.whole_zero_count() == 0,
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WriteRequest2 {
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub(crate) reserved_1: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub(crate) reserved_3: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub(crate) symbols: Vec<Vec<u8>>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) timeseries: Vec<TimeSeries2>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TimeSeries2 {
    #[prost(uint32, repeated, tag = "1")]
    pub(crate) labels_refs: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) histograms: Vec<Histogram>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) exemplars: Vec<Exemplar2>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) metadata: Vec<Metadata2>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Exemplar2 {
    #[prost(uint32, repeated, tag = "1")]
    pub(crate) labels_refs: Vec<u32>,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
    #[prost(int64, tag = "3")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Metadata2 {
    #[prost(int32, tag = "1")]
    pub(crate) kind: i32,
    #[prost(uint32, tag = "3")]
    pub(crate) help_ref: u32,
    #[prost(uint32, tag = "4")]
    pub(crate) unit_ref: u32,
}
