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
pub fn check_segment(raw: &str) -> Result<(), PathFault> {
    both_ways(raw, |decoded| if decoded.contains(&b'/') { Err(PathFault::Forbidden) } else { check_plain(decoded) })
}

/// The same for a name in which a slash may be encoded: each part between slashes must be plain.
pub fn check_name(raw: &str) -> Result<(), PathFault> {
    both_ways(raw, |decoded| decoded.split(|byte| *byte == b'/').try_for_each(check_plain))
}

/// A name as it was meant; `None` if it is no text.
pub fn decoded(raw: &str) -> Option<String> {
    String::from_utf8(decode(raw.as_bytes())?).ok()
}

/// Backends decode once and some proxies twice, so a check looks at the segment both ways.
fn both_ways(raw: &str, check: impl Fn(&[u8]) -> Result<(), PathFault>) -> Result<(), PathFault> {
    let once = decode(raw.as_bytes()).ok_or(PathFault::BadEncoding)?;
    check(&once)?;
    // A segment that cannot be decoded a second time is harmless to whoever tries.
    decode(&once).map_or(Ok(()), |twice| check(&twice))
}

fn check_plain(decoded: &[u8]) -> Result<(), PathFault> {
    match decoded {
        b"." | b".." => Err(PathFault::DotSegment),
        _ if decoded.iter().any(|byte| *byte == b'\\' || byte.is_ascii_control()) => Err(PathFault::Forbidden),
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
    fn a_slash_in_a_name_separates_plain_parts() {
        for name in ["a%2Fb", "a%2fb%2f", "%2Fetc%2Frules", "a%252Fb", "a%20b"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["..%2Fb", "a%2F..", "a%2F%2e%2E%2Fb", "a%252F..%252Fb", "%252e%252e", ".%2Fa"] {
            assert_eq!(check_name(name), Err(PathFault::DotSegment), "{name}");
        }
        assert_eq!(check_name("a%5Cb"), Err(PathFault::Forbidden));
        assert_eq!(check_name("a%2"), Err(PathFault::BadEncoding));
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
