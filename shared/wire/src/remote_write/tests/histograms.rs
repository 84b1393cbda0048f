//! Native histograms whose parts contradict each other, each with what Prometheus makes of it.

use crate::{
    checks::Check,
    remote_write::{
        Histogram,
        reference::{
            fault,
            types::{self, BucketSpan, Count, ZeroCount},
        },
    },
};
use prost::Message;

/// Two observations in whole buckets.
fn whole() -> types::Histogram {
    types::Histogram {
        count: Some(Count::Whole(2)),
        positive_spans: vec![BucketSpan { offset: 0, length: 1 }],
        positive_deltas: vec![2],
        ..types::Histogram::default()
    }
}

/// The same with bounds of their own.
fn custom(bounds: &[f64]) -> types::Histogram {
    types::Histogram { schema: -53, custom_values: bounds.to_vec(), ..whole() }
}

fn check(histogram: &types::Histogram, want: Option<Check>) {
    let read = Histogram::read(&histogram.encode_to_vec()).unwrap();
    assert_eq!((read.fault(), fault(histogram)), (want, want), "{histogram:?}");
}

#[test]
fn a_zero_count_of_the_other_kind_counts_for_nothing() {
    let with = |zero, count| types::Histogram { zero_count: Some(zero), count: Some(count), ..whole() };
    for (zero, count, want) in [
        (ZeroCount::Fraction(1.0), Count::Whole(2), None),
        (ZeroCount::Fraction(1.0), Count::Whole(3), Some(Check::HistogramCount)),
        (ZeroCount::Whole(1), Count::Whole(3), None),
        (ZeroCount::Whole(1), Count::Whole(2), Some(Check::HistogramCount)),
    ] {
        check(&with(zero, count), want);
    }
    for (zero, want) in [
        (ZeroCount::Fraction(1.0), None),
        (ZeroCount::Whole(0), None),
        (ZeroCount::Whole(1), Some(Check::HistogramCustomBuckets)),
    ] {
        check(&types::Histogram { zero_count: Some(zero), ..custom(&[1.0]) }, want);
    }
}

#[test]
fn buckets_of_the_other_kind_are_not_there() {
    for (counts, deltas, want) in [(vec![1.0], vec![], None), (vec![], vec![1], Some(Check::HistogramCustomBuckets))] {
        check(&types::Histogram { negative_counts: counts, negative_deltas: deltas, ..custom(&[1.0]) }, want);
    }
}

#[test]
fn custom_bounds_are_finite_ascend_and_are_reached_from_the_first() {
    const WRONG: Option<Check> = Some(Check::HistogramCustomBuckets);
    for (bounds, want) in [
        (&[][..], None),
        (&[1.0, 2.0], None),
        (&[2.0, 1.0], WRONG),
        (&[1.0, 1.0], WRONG),
        (&[f64::NEG_INFINITY, 1.0], WRONG),
        (&[1.0, f64::INFINITY], WRONG),
        (&[f64::NAN, 1.0], WRONG),
        (&[f64::NAN], WRONG),
    ] {
        check(&custom(bounds), want);
    }
    for (offset, want) in [(-1, WRONG), (0, None), (1, None), (2, WRONG)] {
        let positive_spans = vec![BucketSpan { offset, length: 1 }];
        check(&types::Histogram { positive_spans, ..custom(&[1.0]) }, want);
    }
}

#[test]
fn sums_leave_64_bits_as_they_do_there() {
    let with = |deltas: &[i64], count| types::Histogram {
        positive_spans: vec![BucketSpan { offset: -1, length: u32::try_from(deltas.len()).unwrap() }],
        positive_deltas: deltas.to_vec(),
        count: Some(Count::Whole(count)),
        ..whole()
    };
    check(&with(&[i64::MAX, 1], u64::MAX), Some(Check::HistogramNegativeBucket));
    check(&with(&[i64::MAX, 0, 0], u64::MAX), Some(Check::HistogramCount));
    check(&with(&[i64::MAX, 0, 0], i64::MAX as u64 - 2), None);
}
