//! Raw request paths: matched and forwarded as they came, never decoded and re-encoded.

/// Why a path parameter is refused; the text says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// `%` without two hexadecimal digits.
    BadEncoding,
    /// `.` or `..`, plain or encoded once or twice.
    DotSegment,
    /// A slash, backslash or control byte, encoded once or twice.
    Forbidden,
}

impl PathFault {
    /// The public text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::BadEncoding => "the path has a % that is not followed by two hexadecimal digits",
            Self::DotSegment => "the path has a . or .. segment",
            Self::Forbidden => "the path has an encoded slash, backslash or control character",
        }
    }
}

/// Refuses a path segment that a backend could read as anything but one plain name.
///
/// Backends decode once and some proxies twice, so the check looks at the segment both ways.
pub fn check_segment(raw: &str) -> Result<(), PathFault> {
    let once = decode(raw.as_bytes()).ok_or(PathFault::BadEncoding)?;
    check_decoded(&once)?;
    // A segment that cannot be decoded a second time is harmless to whoever tries.
    decode(&once).map_or(Ok(()), |twice| check_decoded(&twice))
}

fn check_decoded(segment: &[u8]) -> Result<(), PathFault> {
    match segment {
        b"." | b".." => Err(PathFault::DotSegment),
        _ if segment.iter().any(|b| matches!(b, b'/' | b'\\') || b.is_ascii_control()) => Err(PathFault::Forbidden),
        _ => Ok(()),
    }
}

fn decode(raw: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (hex(*bytes.next()?)? << 4) | hex(*bytes.next()?)?,
            other => other,
        });
    }
    Some(decoded)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass() {
        for name in ["job", "__name__", "a%20b", "%C3%A9", "...", "100%25", "a:b"] {
            assert_eq!(check_segment(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn whatever_could_leave_the_segment_is_refused() {
        use PathFault::{BadEncoding, DotSegment, Forbidden};
        for (segment, fault) in [
            ("..", DotSegment),
            ("%2e%2E", DotSegment),
            ("%252e%252e", DotSegment),
            ("a%2Fb", Forbidden),
            ("a%252fb", Forbidden),
            ("a%5cb", Forbidden),
            ("a%00", Forbidden),
            ("%0a", Forbidden),
            ("%", BadEncoding),
            ("%2", BadEncoding),
            ("%zz", BadEncoding),
        ] {
            assert_eq!(check_segment(segment), Err(fault), "{segment}");
        }
    }
}
