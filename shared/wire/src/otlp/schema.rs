//! The messages, as far as they have to be followed.

use Kind::{Bytes, Doubles, Fixed32, Fixed64, Message, Varint, Varints};

/// A message's fields by number; those that are not listed are skipped, as every decoder does.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) fields: &'static [(u32, Kind)],
    /// Whether such messages are what is counted.
    pub(super) counted: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Varint,
    Fixed64,
    Fixed32,
    /// A string or bytes.
    Bytes,
    /// Repeated varints, packed or one by one.
    Varints,
    /// Repeated numbers of 64 bits, packed or one by one.
    Doubles,
    Message(&'static Schema),
}

const fn plain(fields: &'static [(u32, Kind)]) -> Schema {
    Schema { fields, counted: false }
}

const fn counted(fields: &'static [(u32, Kind)]) -> Schema {
    Schema { fields, counted: true }
}

/// From opentelemetry-proto, `common/v1` and `resource/v1`:
///
/// ```proto
/// message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
///                    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
/// message ArrayValue { repeated AnyValue values = 1; }     message KeyValueList { repeated KeyValue values = 1; }
/// message KeyValue { string key = 1; AnyValue value = 2; }
/// message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped = 4; }
/// message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
/// ```
static ANY_VALUE: Schema = plain(&[
    (1, Bytes),
    (2, Varint),
    (3, Varint),
    (4, Fixed64),
    (5, Message(&ARRAY)),
    (6, Message(&PAIRS)),
    (7, Bytes),
]);
static ARRAY: Schema = plain(&[(1, Message(&ANY_VALUE))]);
static PAIRS: Schema = plain(&[(1, Message(&PAIR))]);
static PAIR: Schema = plain(&[(1, Bytes), (2, Message(&ANY_VALUE))]);
static SCOPE: Schema = plain(&[(1, Bytes), (2, Bytes), (3, Message(&PAIR)), (4, Varint)]);
static RESOURCE: Schema = plain(&[(1, Message(&PAIR)), (2, Varint)]);

/// From `collector/logs/v1` and `logs/v1`:
///
/// ```proto
/// message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
/// message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
/// message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
/// message LogRecord { fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; SeverityNumber severity_number = 2;
///                     string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6; uint32 dropped = 7;
///                     fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; string event_name = 12; }
/// ```
pub(super) static LOGS: Schema = plain(&[(1, Message(&RESOURCE_LOGS))]);
static RESOURCE_LOGS: Schema = plain(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_LOGS)), (3, Bytes)]);
static SCOPE_LOGS: Schema = plain(&[(1, Message(&SCOPE)), (2, Message(&LOG_RECORD)), (3, Bytes)]);
static LOG_RECORD: Schema = counted(&[
    (1, Fixed64),
    (2, Varint),
    (3, Bytes),
    (5, Message(&ANY_VALUE)),
    (6, Message(&PAIR)),
    (7, Varint),
    (8, Fixed32),
    (9, Bytes),
    (10, Bytes),
    (11, Fixed64),
    (12, Bytes),
]);

/// From `collector/metrics/v1` and `metrics/v1`:
///
/// ```proto
/// message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
/// message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
/// message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
/// message Metric { string name = 1; string description = 2; string unit = 3; repeated KeyValue metadata = 12;
///                  oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
///                               ExponentialHistogram exponential_histogram = 10; Summary summary = 11; } }
/// message Gauge { repeated NumberDataPoint data_points = 1; }
/// message Sum { repeated NumberDataPoint data_points = 1; AggregationTemporality temporality = 2; bool is_monotonic = 3; }
/// message Histogram { repeated HistogramDataPoint data_points = 1; AggregationTemporality temporality = 2; }
/// message ExponentialHistogram { repeated ExponentialHistogramDataPoint data_points = 1; AggregationTemporality temporality = 2; }
/// message Summary { repeated SummaryDataPoint data_points = 1; }
/// ```
pub(super) static METRICS: Schema = plain(&[(1, Message(&RESOURCE_METRICS))]);
static RESOURCE_METRICS: Schema = plain(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_METRICS)), (3, Bytes)]);
static SCOPE_METRICS: Schema = plain(&[(1, Message(&SCOPE)), (2, Message(&METRIC)), (3, Bytes)]);
static METRIC: Schema = plain(&[
    (1, Bytes),
    (2, Bytes),
    (3, Bytes),
    (5, Message(&GAUGE)),
    (7, Message(&SUM)),
    (9, Message(&HISTOGRAM)),
    (10, Message(&EXPONENTIAL)),
    (11, Message(&SUMMARY)),
    (12, Message(&PAIR)),
]);
static GAUGE: Schema = plain(&[(1, Message(&NUMBER_POINT))]);
static SUM: Schema = plain(&[(1, Message(&NUMBER_POINT)), (2, Varint), (3, Varint)]);
static HISTOGRAM: Schema = plain(&[(1, Message(&HISTOGRAM_POINT)), (2, Varint)]);
static EXPONENTIAL: Schema = plain(&[(1, Message(&EXPONENTIAL_POINT)), (2, Varint)]);
static SUMMARY: Schema = plain(&[(1, Message(&SUMMARY_POINT))]);

/// The data points:
///
/// ```proto
/// message NumberDataPoint { repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
///                           oneof value { double as_double = 4; sfixed64 as_int = 6; } repeated Exemplar exemplars = 5; uint32 flags = 8; }
/// message HistogramDataPoint { repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
///                              fixed64 count = 4; optional double sum = 5; repeated fixed64 bucket_counts = 6;
///                              repeated double explicit_bounds = 7; repeated Exemplar exemplars = 8; uint32 flags = 10;
///                              optional double min = 11; optional double max = 12; }
/// message ExponentialHistogramDataPoint { repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2;
///                              fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5; sint32 scale = 6;
///                              fixed64 zero_count = 7; Buckets positive = 8; Buckets negative = 9; uint32 flags = 10;
///                              repeated Exemplar exemplars = 11; optional double min = 12; optional double max = 13;
///                              double zero_threshold = 14; }
/// message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
/// message SummaryDataPoint { repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
///                            fixed64 count = 4; double sum = 5; repeated ValueAtQuantile quantile_values = 6; uint32 flags = 8; }
/// message ValueAtQuantile { double quantile = 1; double value = 2; }
/// message Exemplar { repeated KeyValue filtered_attributes = 7; fixed64 time_unix_nano = 2;
///                    oneof value { double as_double = 3; sfixed64 as_int = 6; } bytes span_id = 4; bytes trace_id = 5; }
/// ```
static NUMBER_POINT: Schema = counted(&[
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Message(&EXEMPLAR)),
    (6, Fixed64),
    (7, Message(&PAIR)),
    (8, Varint),
]);
static HISTOGRAM_POINT: Schema = counted(&[
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Fixed64),
    (6, Doubles),
    (7, Doubles),
    (8, Message(&EXEMPLAR)),
    (9, Message(&PAIR)),
    (10, Varint),
    (11, Fixed64),
    (12, Fixed64),
]);
static EXPONENTIAL_POINT: Schema = counted(&[
    (1, Message(&PAIR)),
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Fixed64),
    (6, Varint),
    (7, Fixed64),
    (8, Message(&BUCKETS)),
    (9, Message(&BUCKETS)),
    (10, Varint),
    (11, Message(&EXEMPLAR)),
    (12, Fixed64),
    (13, Fixed64),
    (14, Fixed64),
]);
static BUCKETS: Schema = plain(&[(1, Varint), (2, Varints)]);
static SUMMARY_POINT: Schema = counted(&[
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Fixed64),
    (6, Message(&QUANTILE)),
    (7, Message(&PAIR)),
    (8, Varint),
]);
static QUANTILE: Schema = plain(&[(1, Fixed64), (2, Fixed64)]);
static EXEMPLAR: Schema =
    plain(&[(2, Fixed64), (3, Fixed64), (4, Bytes), (5, Bytes), (6, Fixed64), (7, Message(&PAIR))]);
