//! A native histogram: walked once, checked as Prometheus checks it before it is stored.
//!
//! Nothing is expanded: spans tell how many buckets there are, and only their sums are compared, however many they
//! claim.

use crate::{
    checks::Check,
    protobuf::{ProtobufError, Reader, Tag, low, zigzag},
};

/// The schema of custom bounds.
const CUSTOM: i32 = -53;

/// What of a histogram can be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Its time, in milliseconds since 1970.
    pub millis: i64,
    /// Its resolution.
    pub schema: i32,
    count: Count,
    sum: f64,
    zero_threshold: f64,
    zero_count: Count,
    negative: Side,
    positive: Side,
    bounds: Bounds,
}

/// A count, of which the last form that was sent holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    Whole(u64),
    Fraction(f64),
}

impl Default for Count {
    fn default() -> Self {
        Self::Whole(0)
    }
}

/// The buckets of one side of zero, in both of the forms they may be sent in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Side {
    spans: u64,
    /// Buckets that the spans tell of.
    told: u64,
    /// How far the spans reach, gaps included.
    reach: i64,
    /// The first span begins below the first bucket there may be.
    begins_below: bool,
    /// A gap between spans is negative.
    overlaps: bool,
    deltas: u64,
    bucket: i64,
    total: u64,
    below_zero: bool,
    counts: u64,
    count_below_zero: bool,
}

/// The bounds of custom buckets, all of them finite: Prometheus before 3.8 answers 500 to a first one of -Inf.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bounds {
    count: u64,
    last: f64,
    disordered: bool,
}

impl Histogram {
    /// Reads a histogram, which both versions write alike.
    ///
    /// ```proto
    /// message Histogram  { oneof count { uint64 count_int = 1; double count_float = 2; } double sum = 3;
    ///                      sint32 schema = 4; double zero_threshold = 5;
    ///                      oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
    ///                      repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9;
    ///                      repeated double negative_counts = 10; repeated BucketSpan positive_spans = 11;
    ///                      repeated sint64 positive_deltas = 12; repeated double positive_counts = 13;
    ///                      ResetHint reset_hint = 14; int64 timestamp = 15; repeated double custom_values = 16; }
    /// message BucketSpan { sint32 offset = 1; uint32 length = 2; }
    /// ```
    pub(super) fn read(message: &[u8]) -> Result<Self, ProtobufError> {
        let mut histogram = Self::default();
        let mut reader = Reader::new(message);
        while let Some(tag) = reader.tag()? {
            match tag.number() {
                1 => histogram.count = Count::Whole(reader.number(tag)?),
                2 => histogram.count = Count::Fraction(reader.double(tag)?),
                3 => histogram.sum = reader.double(tag)?,
                4 => histogram.schema = signed(reader.number(tag)?),
                5 => histogram.zero_threshold = reader.double(tag)?,
                6 => histogram.zero_count = Count::Whole(reader.number(tag)?),
                7 => histogram.zero_count = Count::Fraction(reader.double(tag)?),
                8 => histogram.negative.span(reader.bytes(tag)?)?,
                9 => varints(&mut reader, tag, |delta| histogram.negative.delta(zigzag(delta)))?,
                10 => doubles(&mut reader, tag, |count| histogram.negative.count(count))?,
                11 => histogram.positive.span(reader.bytes(tag)?)?,
                12 => varints(&mut reader, tag, |delta| histogram.positive.delta(zigzag(delta)))?,
                13 => doubles(&mut reader, tag, |count| histogram.positive.count(count))?,
                14 => drop(reader.number(tag)?),
                15 => histogram.millis = reader.number(tag)?.cast_signed(),
                16 => doubles(&mut reader, tag, |bound| histogram.bounds.push(bound))?,
                _ => reader.skip(tag)?,
            }
        }
        Ok(histogram)
    }

    /// How many buckets it has.
    pub fn buckets(&self) -> u64 {
        self.buckets_of(&self.negative).saturating_add(self.buckets_of(&self.positive))
    }

    /// What is wrong with it, if anything is: what makes Prometheus answer 500, and its senders try for ever.
    pub fn fault(&self) -> Option<Check> {
        let sides = [&self.negative, &self.positive];
        let below_zero = |side: &Side| if self.is_fraction() { side.count_below_zero } else { side.below_zero };
        if !(-4..=8).contains(&self.schema) && self.schema != CUSTOM {
            Some(Check::HistogramSchema)
        } else if self.has_wrong_bounds() {
            Some(Check::HistogramCustomBuckets)
        } else if sides.iter().any(|side| side.overlaps || side.told != self.buckets_of(side)) {
            Some(Check::HistogramSpans)
        } else if sides.iter().any(|side| below_zero(side)) {
            Some(Check::HistogramNegativeBucket)
        } else if !self.adds_up() {
            Some(Check::HistogramCount)
        } else {
            None
        }
    }

    const fn is_fraction(&self) -> bool {
        matches!(self.count, Count::Fraction(_))
    }

    /// Buckets of the other kind than the count are not looked at.
    const fn buckets_of(&self, side: &Side) -> u64 {
        if self.is_fraction() { side.counts } else { side.deltas }
    }

    /// Nor is a zero count of the other kind.
    fn has_zeros(&self) -> bool {
        match (self.count, self.zero_count) {
            (Count::Whole(_), Count::Whole(zero)) => zero != 0,
            (Count::Fraction(_), Count::Fraction(zero)) => zero != 0.0,
            _ => false,
        }
    }

    /// Custom bounds go with their schema, ascend, are as many as the buckets reach, and leave no place for zero.
    fn has_wrong_bounds(&self) -> bool {
        if self.schema != CUSTOM {
            return self.bounds.count > 0;
        }
        let zero = self.has_zeros() || self.zero_threshold != 0.0;
        let negative = self.negative.spans > 0 || self.buckets_of(&self.negative) > 0;
        let reach = u64::try_from(self.positive.reach).unwrap_or(0);
        let beyond = self.positive.begins_below || reach > self.bounds.count.saturating_add(1);
        self.bounds.disordered || zero || negative || beyond
    }

    /// Whole buckets add up to the count; to less, if there were observations that are no numbers.
    fn adds_up(&self) -> bool {
        let Count::Whole(count) = self.count else { return true };
        let zero = if let Count::Whole(zero) = self.zero_count { zero } else { 0 };
        let total = self.negative.total.wrapping_add(self.positive.total).wrapping_add(zero);
        if self.sum.is_nan() { total <= count } else { total == count }
    }
}

impl Side {
    fn span(&mut self, message: &[u8]) -> Result<(), ProtobufError> {
        let (mut offset, mut length) = (0, 0);
        let mut reader = Reader::new(message);
        while let Some(tag) = reader.tag()? {
            match tag.number() {
                1 => offset = i64::from(signed(reader.number(tag)?)),
                2 => length = low(reader.number(tag)?),
                _ => reader.skip(tag)?,
            }
        }
        match self.spans {
            0 => self.begins_below = offset < 0,
            _ => self.overlaps |= offset < 0,
        }
        self.spans = self.spans.saturating_add(1);
        self.told = self.told.saturating_add(u64::from(length));
        self.reach = self.reach.saturating_add(offset).saturating_add(i64::from(length));
        Ok(())
    }

    /// Sums leave 64 bits as they do in Go.
    const fn delta(&mut self, delta: i64) {
        self.deltas = self.deltas.saturating_add(1);
        self.bucket = self.bucket.wrapping_add(delta);
        self.below_zero |= self.bucket < 0;
        self.total = self.total.wrapping_add(self.bucket.cast_unsigned());
    }

    fn count(&mut self, count: f64) {
        self.counts = self.counts.saturating_add(1);
        self.count_below_zero |= count < 0.0;
    }
}

impl Bounds {
    fn push(&mut self, bound: f64) {
        self.disordered |= !bound.is_finite() || (self.count > 0 && bound <= self.last);
        self.count = self.count.saturating_add(1);
        self.last = bound;
    }
}

/// A `sint32`, which keeps the low half of what is sent for it.
fn signed(value: u64) -> i32 {
    low(zigzag(u64::from(low(value))).cast_unsigned()).cast_signed()
}

/// A repeated varint: packed, or one of it.
fn varints(reader: &mut Reader<'_>, tag: Tag, mut each: impl FnMut(u64)) -> Result<(), ProtobufError> {
    if !tag.is_delimited() {
        return reader.number(tag).map(each);
    }
    let mut packed = Reader::new(reader.bytes(tag)?);
    while !packed.is_empty() {
        each(packed.varint()?);
    }
    Ok(())
}

/// A repeated double: packed, or one of it.
fn doubles(reader: &mut Reader<'_>, tag: Tag, mut each: impl FnMut(f64)) -> Result<(), ProtobufError> {
    if !tag.is_delimited() {
        return reader.double(tag).map(each);
    }
    let (whole, []) = reader.bytes(tag)?.as_chunks::<8>() else { return Err(ProtobufError::Truncated) };
    whole.iter().for_each(|bytes| each(f64::from_le_bytes(*bytes)));
    Ok(())
}
