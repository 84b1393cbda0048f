//! What the checks measure against, and how an operator changes it.

use std::fmt;

macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident, $name:literal, $default:expr, $unit:literal, $source:literal;)*) => {
        /// A limit that an operator can set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Limit { $($(#[$doc])* $limit,)* }

        impl Limit {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$limit,)*];

            const COUNT: usize = Self::ALL.len();

            /// Its name in configuration.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$limit => $name,)* }
            }

            /// What it is if nobody sets it.
            pub const fn default(self) -> u64 {
                match self { $(Self::$limit => $default,)* }
            }

            /// What it counts.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$limit => $unit,)* }
            }

            /// Where the default comes from.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$limit => $source,)* }
            }
        }
    };
}

limits! {
    /// Labels of a series, its name included.
    Labels, "max-label-names", 30, "labels", "the product; Mimir";
    /// Labels of a series whose name ends in `_info`.
    InfoLabels, "max-info-label-names", 80, "labels", "Mimir";
    /// A label's name.
    LabelName, "max-label-name-length", 1_024, "bytes", "the product; Mimir; Loki";
    /// A label's value.
    LabelValue, "max-label-value-length", 2_048, "bytes", "the product; Mimir; Loki";
    /// How far ahead a clock may be.
    CreationGrace, "creation-grace-period", 600, "seconds", "Mimir; Loki";
    /// How long data is kept.
    Retention, "retention", 2_678_400, "seconds", "the product: 31 days, or longer if the Cockpit's plan keeps data longer";
    /// Buckets of a native histogram.
    HistogramBuckets, "max-native-histogram-buckets", 0, "buckets", "Mimir: off";
    /// Exemplars of a series in one push.
    Exemplars, "max-exemplars-per-series", 0, "exemplars", "Mimir: off";
    /// The labels of an exemplar together.
    ExemplarLabels, "max-exemplar-labels-length", 128, "characters", "OpenMetrics; Mimir";
    /// A name or a unit in metadata.
    MetadataText, "max-metadata-length", 1_024, "bytes", "the product; Mimir";
    /// Whether names may be any UTF-8: 1 if so.
    Utf8Names, "utf8-names", 0, "0 or 1", "Mimir: the legacy scheme";
    /// Labels that a stream must have.
    FewestStreamLabels, "min-stream-label-names", 0, "labels", "Loki: off, where it discovers service names";
    /// Labels of a stream.
    StreamLabels, "max-stream-label-names", 30, "labels", "the product; Loki has 15";
    /// The text of a stream's labels.
    StreamText, "max-stream-labels-size", 65_536, "bytes", "the product: far below what stops Loki's parser";
    /// Entries of a stream in one push.
    StreamEntries, "max-stream-entries", 100_000, "entries", "the product";
    /// A log line.
    LineSize, "max-line-size", 262_144, "bytes", "Loki";
    /// Whether structured metadata is refused: 1 if so.
    NoStructuredMetadata, "no-structured-metadata", 0, "0 or 1", "Loki: allowed";
    /// Pairs of structured metadata of an entry.
    StructuredMetadata, "max-structured-metadata-entries", 128, "pairs", "Loki";
    /// Names and values of an entry's structured metadata together.
    StructuredMetadataSize, "max-structured-metadata-size", 65_536, "bytes", "Loki";
}

/// The limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits([u64; Limit::COUNT]);

impl Default for Limits {
    fn default() -> Self {
        let mut values = [0; Limit::COUNT];
        for (value, limit) in values.iter_mut().zip(Limit::ALL) {
            *value = limit.default();
        }
        Self(values)
    }
}

impl Limits {
    /// The same limits, but for what `text` sets: `max-label-names=40, retention=7776000`.
    pub fn changed(mut self, text: &str) -> Result<Self, LimitsError> {
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let error = || LimitsError(pair.chars().take(100).collect());
            let (name, value) = pair.split_once('=').ok_or_else(error)?;
            let limit = Limit::ALL.iter().find(|limit| limit.name() == name.trim()).ok_or_else(error)?;
            self = self.with(*limit, value.trim().parse().map_err(|_| error())?);
        }
        Ok(self)
    }

    /// The same limits but for one.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: u64) -> Self {
        self.0.iter_mut().skip(limit as usize).take(1).for_each(|slot| *slot = value);
        self
    }

    /// A limit's value; 0 where its check is off.
    pub fn value(&self, limit: Limit) -> u64 {
        self.0.get(limit as usize).copied().unwrap_or_default()
    }

    /// Whether something of this size is over a limit.
    pub fn exceeds(&self, limit: Limit, size: usize) -> bool {
        let value = self.value(limit);
        value != 0 && u64::try_from(size).unwrap_or(u64::MAX) > value
    }
}

/// A pair that sets no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsError(String);

impl fmt::Display for LimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" sets no limit: write name=number, with a name from ", self.0)?;
        let names: Vec<_> = Limit::ALL.iter().map(|limit| limit.name()).collect();
        f.write_str(&names.join(", "))
    }
}

impl std::error::Error for LimitsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_the_default() {
        let limits = Limits::default().changed(" max-label-names = 40 ,retention=0,").unwrap();
        for limit in Limit::ALL {
            let want = match limit {
                Limit::Labels => 40,
                Limit::Retention => 0,
                _ => limit.default(),
            };
            assert_eq!(limits.value(*limit), want, "{}", limit.name());
        }
        assert_eq!(Limits::default().changed(""), Ok(Limits::default()));
    }

    #[test]
    fn what_sets_no_limit_is_named() {
        for text in ["max-labels=1", "retention", "retention=", "retention=-1", "retention=31d", "a=1,b"] {
            let error = Limits::default().changed(text).unwrap_err().to_string();
            assert!(error.contains("sets no limit") && error.contains("max-label-names"), "{error}");
        }
    }

    #[test]
    fn a_limit_of_zero_is_no_limit() {
        let limits = Limits::default().with(Limit::LabelName, 3);
        assert!(limits.exceeds(Limit::LabelName, 4) && !limits.exceeds(Limit::LabelName, 3));
        assert!(!limits.with(Limit::LabelName, 0).exceeds(Limit::LabelName, 4));
    }
}
