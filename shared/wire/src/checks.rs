//! Every reason for which a part of a push is refused, in one table; `docs/checks.md` is made from it.
//!
//! A check without a limit is a rule of the protocol. What the checks measure against stands in [`limits`].

pub mod limits;

pub use limits::{Limit, Limits, LimitsError};

/// What is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Time series.
    Metrics,
    /// Log streams.
    Logs,
}

/// What becomes of a push of which this check refused a part. The rest is stored in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 400: the sender is told, and must not send it again.
    Refused,
    /// 429: the sender may send it again later.
    Throttled,
    /// Nothing is said, as the backends say nothing; it is counted.
    Silent,
}

/// One row: what is refused, and where that comes from.
#[derive(Debug)]
pub struct Row {
    /// The check.
    pub check: Check,
    /// Its name in messages, in `explain` and in metrics.
    pub id: &'static str,
    /// Whose parts it looks at.
    pub signal: Signal,
    /// What it measures against, if it measures.
    pub limit: Option<Limit>,
    /// How the push is answered.
    pub answer: Answer,
    /// Where the rule and its default come from.
    pub source: &'static str,
    /// What is wrong, and thereby how to mend it.
    pub message: &'static str,
}

macro_rules! checks {
    ($($(#[$doc:meta])* $check:ident, $id:literal, $signal:ident, $limit:expr, $answer:ident, $source:literal, $message:literal;)*) => {
        /// A reason to refuse a part of a push.
        ///
        /// As wide as a word, so that what holds one has no gaps, which would be copied piece by piece.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(usize)]
        pub enum Check { $($(#[$doc])* $check,)* }

        /// Every check, in the order in which they are made.
        pub static CHECKS: &[Row] = &[
            $(Row {
                check: Check::$check,
                id: $id,
                signal: Signal::$signal,
                limit: $limit,
                answer: Answer::$answer,
                source: $source,
                message: $message,
            },)*
        ];

        impl Check {
            /// How many there are.
            pub const COUNT: usize = [$(Check::$check),*].len();

            /// Its name.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$check => $id,)* }
            }

            /// How the push is answered.
            pub const fn answer(self) -> Answer {
                match self { $(Self::$check => Answer::$answer,)* }
            }

            /// What is wrong.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$check => $message,)* }
            }

            pub(crate) const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

use Limit::{
    CreationGrace, ExemplarLabels, Exemplars, FewestStreamLabels, HistogramBuckets, InfoLabels, LabelName, LabelValue,
    Labels, LineSize, MetadataText, NoStructuredMetadata, Retention, StreamEntries, StreamLabels, StreamText,
    StructuredMetadata, StructuredMetadataSize,
};

checks! {
    /// A series without a name.
    MissingMetricName, "missing-metric-name", Metrics, None, Refused, "Mimir, distributor", "a series has no metric name";
    /// A name that is not a metric's.
    MetricNameInvalid, "metric-name-invalid", Metrics, None, Refused, "Mimir, distributor", "a metric name is not [a-zA-Z_:][a-zA-Z0-9_:]*";
    /// Too many labels.
    TooManyLabels, "max-label-names-per-series", Metrics, Some(Labels), Refused, "Mimir, distributor", "a series has too many labels";
    /// Too many labels, for a metric whose purpose is labels.
    TooManyInfoLabels, "max-label-names-per-info-series", Metrics, Some(InfoLabels), Refused, "Mimir, distributor", "an info series has too many labels";
    /// A name that is not a label's.
    LabelInvalid, "label-invalid", Metrics, None, Refused, "Mimir, distributor", "a label name is not [a-zA-Z_][a-zA-Z0-9_]*";
    /// A name that is too long.
    LabelNameTooLong, "label-name-too-long", Metrics, Some(LabelName), Refused, "Mimir, distributor", "a label name is too long";
    /// A value that is no text.
    LabelValueInvalid, "label-value-invalid", Metrics, None, Refused, "Mimir, distributor", "a label value is not UTF-8";
    /// A value that is too long.
    LabelValueTooLong, "label-value-too-long", Metrics, Some(LabelValue), Refused, "Mimir, distributor", "a label value is too long";
    /// A name that stands twice.
    DuplicateLabelNames, "duplicate-label-names", Metrics, None, Refused, "Mimir, distributor", "a label name stands twice";
    /// A series that is not active yet, while the Cockpit has as many as it may.
    TooManySeries, "max-series-per-user", Metrics, None, Refused, "Mimir, ingester", "the limit of active series is reached, and this series is new";
    /// A series that is not active yet, while as many are as a budget below the Cockpit's limit allows.
    TooManySeriesOfBudget, "max-series-per-budget", Metrics, None, Refused, "the product", "a budget's limit of active series is reached, and this series is new";
    /// A time that is yet to come.
    TooFarInFuture, "too-far-in-future", Metrics, Some(CreationGrace), Refused, "Mimir, distributor", "a sample is too far in the future";
    /// A time that would be deleted at once.
    TooFarInPast, "too-far-in-past", Metrics, Some(Retention), Refused, "the product's retention", "a sample is older than the retention";
    /// A resolution that nobody knows.
    HistogramSchema, "invalid-native-histogram-schema", Metrics, None, Refused, "Mimir, distributor", "a native histogram's schema is neither -4 to 8 nor -53";
    /// Too many buckets.
    HistogramBucketCount, "max-native-histogram-buckets", Metrics, Some(HistogramBuckets), Refused, "Mimir, distributor", "a native histogram has too many buckets";
    /// Spans that tell of other buckets than there are.
    HistogramSpans, "native-histogram-spans-buckets-mismatch", Metrics, None, Refused, "Mimir, ingester", "a native histogram's spans and buckets do not match";
    /// A bucket below zero.
    HistogramNegativeBucket, "native-histogram-negative-bucket-count", Metrics, None, Refused, "Mimir, ingester", "a native histogram has a bucket below zero";
    /// Buckets that do not add up.
    HistogramCount, "native-histogram-count-mismatch", Metrics, None, Refused, "Mimir, ingester", "a native histogram's buckets do not add up to its count";
    /// Bounds that do not fit the schema.
    HistogramCustomBuckets, "native-histogram-custom-buckets-mismatch", Metrics, None, Refused, "Mimir, ingester", "a native histogram's custom bounds do not fit its schema";
    /// More exemplars than a series should bring.
    TooManyExemplars, "too-many-exemplars-per-series-per-request", Metrics, Some(Exemplars), Silent, "Mimir, distributor", "a series has too many exemplars";
    /// An exemplar that could not be found again.
    ExemplarLabelsMissing, "exemplar-labels-missing", Metrics, None, Silent, "Mimir, distributor", "an exemplar has no labels";
    /// An exemplar without a time.
    ExemplarTimestampInvalid, "exemplar-timestamp-invalid", Metrics, None, Silent, "Mimir, distributor", "an exemplar has no timestamp";
    /// An exemplar that is more label than example.
    ExemplarLabelsTooLong, "exemplar-labels-too-long", Metrics, Some(ExemplarLabels), Silent, "Mimir, distributor", "an exemplar's labels are too long";
    /// An exemplar whose labels say nothing.
    ExemplarLabelsBlank, "exemplar-labels-blank", Metrics, None, Silent, "Mimir, distributor", "an exemplar has no label with a name and a value";
    /// An exemplar that clients send again and again with newer samples.
    ExemplarTooOld, "exemplar-too-old", Metrics, None, Silent, "Mimir, distributor", "an exemplar is five minutes older than the oldest sample beside it";
    /// An exemplar that is yet to come.
    ExemplarTooFarInFuture, "exemplar-too-far-in-future", Metrics, Some(CreationGrace), Silent, "Mimir, distributor", "an exemplar is too far in the future";
    /// Metadata of nothing.
    MetadataMissingName, "metadata-missing-metric-name", Metrics, None, Refused, "Mimir, distributor", "metadata has no metric name";
    /// Metadata of something with too long a name.
    MetadataNameTooLong, "metric-name-too-long", Metrics, Some(MetadataText), Refused, "Mimir, distributor", "metadata has too long a metric name";
    /// Metadata with too long a unit.
    MetadataUnitTooLong, "unit-too-long", Metrics, Some(MetadataText), Refused, "Mimir, distributor", "metadata has too long a unit";

    /// A stream without enough labels. Loki itself adds one, unless told not to, and is then content with none.
    MissingLabels, "missing_labels", Logs, Some(FewestStreamLabels), Refused, "Loki, distributor", "a stream has too few labels";
    /// Labels that cannot be read.
    InvalidLabels, "invalid_labels", Logs, Some(StreamText), Refused, "Loki, distributor", "a stream's labels cannot be read";
    /// Labels that make Loki treat a stream as its own, unchecked.
    ReservedLabels, "reserved_labels", Logs, None, Refused, "Loki, internal and backfill streams", "a stream has a label that Loki keeps for itself";
    /// Too many labels.
    TooManyStreamLabels, "max_label_names_per_series", Logs, Some(StreamLabels), Refused, "Loki, validator", "a stream has too many labels";
    /// A name that is too long.
    StreamLabelNameTooLong, "label_name_too_long", Logs, Some(LabelName), Refused, "Loki, validator", "a label name is too long";
    /// A value that is too long.
    StreamLabelValueTooLong, "label_value_too_long", Logs, Some(LabelValue), Refused, "Loki, validator", "a label value is too long";
    /// A name that stands twice.
    DuplicateStreamLabelNames, "duplicate_label_names", Logs, None, Refused, "Loki, validator", "a label name stands twice";
    /// Too many entries at once.
    TooManyEntries, "max_entries_per_stream", Logs, Some(StreamEntries), Refused, "the product", "a stream has too many entries in one push";
    /// A stream that is not active yet, while the Cockpit has as many as it may.
    TooManyStreams, "stream_limit", Logs, None, Throttled, "Loki, ingester", "the limit of active streams is reached, and this stream is new";
    /// A stream that is not active yet, while as many are as a budget below the Cockpit's limit allows.
    TooManyStreamsOfBudget, "stream_limit_per_budget", Logs, None, Throttled, "the product", "a budget's limit of active streams is reached, and this stream is new";
    /// A time that would be deleted at once.
    EntryTooOld, "greater_than_max_sample_age", Logs, Some(Retention), Refused, "Loki, validator; the product's retention", "an entry is older than the retention";
    /// A time that is yet to come.
    EntryTooFarInFuture, "too_far_in_future", Logs, Some(CreationGrace), Refused, "Loki, validator", "an entry is too far in the future";
    /// A line that is too long.
    LineTooLong, "line_too_long", Logs, Some(LineSize), Refused, "Loki, validator", "a line is too long";
    /// Metadata where there must be none.
    DisallowedStructuredMetadata, "disallowed_structured_metadata", Logs, Some(NoStructuredMetadata), Refused, "Loki, validator", "an entry has structured metadata, which is not allowed";
    /// Too much metadata.
    StructuredMetadataTooLarge, "structured_metadata_too_large", Logs, Some(StructuredMetadataSize), Refused, "Loki, validator", "an entry's structured metadata is too large";
    /// Too many pairs of metadata.
    StructuredMetadataTooMany, "structured_metadata_too_many", Logs, Some(StructuredMetadata), Refused, "Loki, validator", "an entry has too many pairs of structured metadata";
}

/// The documentation of the checks, as Markdown.
pub fn documentation() -> String {
    let mut page = String::from(HEADING);
    for row in CHECKS {
        let signal = match row.signal {
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        };
        let answer = match row.answer {
            Answer::Refused => "400",
            Answer::Throttled => "429",
            Answer::Silent => "none",
        };
        let limit = row.limit.map(|limit| format!("`{}`", limit.name())).unwrap_or_default();
        page += &format!("| `{}` | {signal} | {limit} | {answer} | {} | {} |\n", row.id, row.message, row.source);
    }
    page += LIMITS_HEADING;
    for limit in Limit::ALL {
        page += &format!("| `{}` | {} | {} | {} |\n", limit.name(), limit.default(), limit.unit(), limit.source());
    }
    page
}

const HEADING: &str = "\
# What is checked at the edge

Made from `shared/wire/src/checks.rs`; a test compares them.

Of a push, the parts below are cut out, and the rest is forwarded. The answer names the first offender of each reason
and how many there are. *None* means that the sender is not told, as the backends do not tell it.

| id | signal | limit | answer | what is wrong | source |
|---|---|---|---|---|---|
";

const LIMITS_HEADING: &str = "
## Limits

Set with the variables `metrics_limits` and `logs_limits`, as pairs apart by commas, for example
`SPIN_VARIABLE_METRICS_LIMITS=\"max-label-names=40, retention=7776000\"`. A limit of 0 switches its check off.

| limit | default | unit | source |
|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_check_stands_at_its_place_under_a_name_of_its_own() {
        assert_eq!(CHECKS.len(), Check::COUNT);
        for (index, row) in CHECKS.iter().enumerate() {
            assert_eq!(row.check.index(), index);
            assert_eq!((row.check.id(), row.check.answer(), row.check.message()), (row.id, row.answer, row.message));
        }
        let ids: BTreeSet<_> = CHECKS.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), CHECKS.len());
    }

    #[test]
    fn the_documentation_is_up_to_date() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/checks.md");
        assert_eq!(
            std::fs::read_to_string(file).unwrap_or_default(),
            documentation(),
            "cargo run -p cockpit-wire --example checks > docs/checks.md"
        );
    }
}
