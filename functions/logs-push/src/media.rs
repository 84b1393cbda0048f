//! What a body is, from its headers, and what is in it.

use bytes::Bytes;
use cockpit_core::Refusal;
use cockpit_push::uncut;
use cockpit_wire::{
    inflate::{Coding, inflate, is_zlib},
    patch::Patch,
    report::clip,
    snappy,
};
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

const NO_TYPE: &str = "send Content-Type: application/json or application/x-protobuf";

/// The two forms of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON.
    Json,
    /// Protobuf, in a snappy block whatever the headers say.
    Protobuf,
}

impl Form {
    /// Its media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/x-protobuf",
        }
    }
}

/// What the headers say. Loki takes every type but JSON's for protobuf, and so do we.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Media {
    /// The form.
    pub(crate) form: Form,
    coding: Option<Coding>,
}

impl Media {
    /// Reads the headers.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let value = |name| headers.get(name).map_or("", |value| value.to_str().unwrap_or("?").trim());
        let kind = value(CONTENT_TYPE).to_ascii_lowercase();
        let form = match kind.split(';').next().unwrap_or_default().trim_end() {
            "" => return Err(Refusal::Malformed(NO_TYPE.into())),
            "application/json" => Form::Json,
            _ => Form::Protobuf,
        };
        let encoding = value(CONTENT_ENCODING);
        let coding = match encoding.to_ascii_lowercase().as_str() {
            "" | "identity" | "snappy" => None,
            "gzip" => Some(Coding::Gzip),
            "deflate" => Some(Coding::Deflate),
            _ => return Err(unknown(encoding)),
        };
        Ok(Self { form, coding })
    }

    /// Opens a body, of which at most `limit` bytes may come out.
    pub(crate) fn open(&self, body: Bytes, limit: usize) -> Result<Opened, Refusal> {
        let malformed = |error: &dyn std::fmt::Display| Refusal::Malformed(error.to_string().into());
        let (inner, readable) = match self.coding {
            None => (body.clone(), true),
            Some(coding) => {
                let inflated = inflate(coding, &body, limit).map_err(|error| malformed(&error))?;
                let zlib = coding == Coding::Deflate && is_zlib(&body);
                (inflated.bytes.into(), inflated.whole && !zlib)
            }
        };
        let content = match self.form {
            Form::Json => inner.clone(),
            Form::Protobuf => snappy::inflate(&inner, limit).map_err(|error| malformed(&error))?.into(),
        };
        let whole = if readable { Left::as_it_came(body, self.coding.map(name)) } else { Left::made(inner) };
        Ok(Opened { form: self.form, content, whole })
    }
}

/// In Loki's words and with its status: Fluent Bit repeats a 415 for ever.
fn unknown(encoding: &str) -> Refusal {
    const SHOWN: usize = 64;
    Refusal::Malformed(format!("Content-Encoding \"{}\" not supported", clip(encoding, SHOWN)).into())
}

const fn name(coding: Coding) -> &'static str {
    match coding {
        Coding::Gzip => "gzip",
        Coding::Deflate => "deflate",
    }
}

/// What is left of a body, for the backend.
#[derive(Debug)]
pub(crate) struct Left {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// Its content encoding.
    pub(crate) coding: Option<&'static str>,
    /// Whether these are other bytes than came, which nobody has counted among those the instance holds.
    pub(crate) is_made: bool,
}

impl Left {
    const fn as_it_came(bytes: Bytes, coding: Option<&'static str>) -> Self {
        Self { bytes, coding, is_made: false }
    }

    const fn made(bytes: Bytes) -> Self {
        Self { bytes, coding: None, is_made: true }
    }
}

/// An opened body.
#[derive(Debug)]
pub(crate) struct Opened {
    form: Form,
    content: Bytes,
    whole: Left,
}

impl Opened {
    /// The JSON text, or the protobuf message.
    pub(crate) fn content(&self) -> &[u8] {
        &self.content
    }

    /// The body as it came; unpacked where Loki could not unpack it: it does not know zlib's envelope, and we have
    /// been content with the first part of a damaged one.
    pub(crate) fn whole(self) -> Left {
        self.whole
    }

    /// What a patch leaves of it: JSON as plain text, because its other codings cost more than they save here.
    pub(crate) fn patched(self, patch: &Patch) -> Result<Left, Refusal> {
        let Self { form, content, whole } = self;
        // An instance has little memory, and each of these may be large: none outlives its use.
        drop(whole);
        let body = match form {
            Form::Json => patch.apply(&content),
            Form::Protobuf => patch.deflate(&content),
        };
        let body = body.map_err(|error| uncut("push", error))?;
        Ok(Left::made(body.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn media(kind: Option<&'static str>, coding: Option<&'static str>) -> Result<Media, u16> {
        let mut headers = HeaderMap::new();
        headers.extend(kind.map(|value| (CONTENT_TYPE, HeaderValue::from_static(value))));
        headers.extend(coding.map(|value| (CONTENT_ENCODING, HeaderValue::from_static(value))));
        Media::of(&headers).map_err(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn media_types_are_read_as_loki_reads_them() {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"] {
            assert_eq!(media(Some(kind), None).map(|media| media.form), Ok(Form::Json), "{kind}");
        }
        for kind in ["application/x-protobuf", "image/png", "text/plain", "application/jsonx"] {
            assert_eq!(media(Some(kind), None).map(|media| media.form), Ok(Form::Protobuf), "{kind}");
        }
        for kind in [None, Some(""), Some(" "), Some(";charset=utf-8")] {
            assert_eq!(media(kind, None), Err(400), "{kind:?}");
        }
    }

    #[test]
    fn encodings_are_those_of_loki_in_any_case() {
        let coding = |value| media(Some("application/json"), value).map(|media| media.coding);
        for value in [None, Some(""), Some("snappy"), Some("identity"), Some("Identity")] {
            assert_eq!(coding(value), Ok(None), "{value:?}");
        }
        assert_eq!(coding(Some("gzip")), Ok(Some(Coding::Gzip)));
        assert_eq!(coding(Some("GZIP")), Ok(Some(Coding::Gzip)));
        assert_eq!(coding(Some("deflate")), Ok(Some(Coding::Deflate)));
        for value in ["zstd", "br", "gzip, gzip", "x-gzip"] {
            assert_eq!(coding(Some(value)), Err(400), "{value}");
        }
    }

    #[test]
    fn an_unknown_encoding_is_named_on_a_line_that_fits() {
        let told = |value: &str| {
            let headers = [(CONTENT_TYPE, "text/plain"), (CONTENT_ENCODING, value)];
            let headers = headers.map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()));
            Media::of(&headers.into_iter().collect()).unwrap_err().to_string()
        };
        assert_eq!(told("ZStd"), "Content-Encoding \"ZStd\" not supported");
        assert_eq!(told("gzip,\tgzip"), "Content-Encoding \"gzip,gzip\" not supported");
        assert_eq!(told("\u{e9}"), "Content-Encoding \"?\" not supported");
        let long = format!("Content-Encoding \"{}…\" not supported", "x".repeat(61));
        assert_eq!(told(&"x".repeat(1000)), long);
    }
}
