//! Moments in the API: RFC 3339 in UTC with six decimals, as recorded from the original.

use cockpit_core::Timestamp;
use time::OffsetDateTime;

/// The moment as text, such as `2023-11-09T21:23:20.165521Z`.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    let nanos = i128::from(moment.micros()) * 1_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second, micros) = at.to_hms_micro();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_decimals_are_always_shown() {
        for (micros, want) in [
            (1_699_564_999_165_521, "2023-11-09T21:23:19.165521Z"),
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_micros(micros)), want);
        }
    }
}
