//! Moments in the API: RFC 3339 in UTC with six decimals, as recorded from the original.

use cockpit_core::Timestamp;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The moment as text, such as `2023-11-09T21:23:20.165521Z`.
pub fn rfc3339(moment: Timestamp) -> String {
    let nanos = i128::from(moment.micros()) * 1_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second, micros) = at.to_hms_micro();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Reads RFC 3339, with a space in place of the T as Python writes it, and in place of the + as a URL may have it.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let time = rest.strip_prefix(['T', 't', ' '])?.replace(' ', "+");
    let at = OffsetDateTime::parse(&format!("{date}T{time}"), &Rfc3339).ok()?;
    Some(Timestamp::from_micros(i64::try_from(at.unix_timestamp_nanos() / 1_000).ok()?))
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

    #[test]
    fn moments_are_read_as_each_sdk_writes_them() {
        let want = Some(Timestamp::from_micros(1_680_307_200_000_000));
        for text in [
            "2023-04-01T00:00:00Z",
            "2023-04-01T00:00:00.000Z",
            "2023-04-01 00:00:00+00:00",
            "2023-04-01 00:00:00 00:00",
            "2023-04-01T02:00:00+02:00",
        ] {
            assert_eq!(parse(text), want, "{text}");
        }
        for text in ["", "2023-04-01", "2023-04-01T00:00:00", "yesterday", "2023-13-01T00:00:00Z", "é2023-04-01"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
