use super::*;
use crate::random::Random;

fn read(text: &str) -> Result<Value<'_>, JsonError> {
    Cursor::new(text.as_bytes(), 0).value()
}

/// Whether serde_json finds a value of ours well formed, where the two must agree.
fn reference(text: &[u8]) -> Option<bool> {
    let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<serde_json::Value>();
    match stream.next() {
        None => Some(false),
        Some(Ok(_)) => Some(true),
        Some(Err(error)) => {
            let ours =
                ["control character", "unicode code point", "surrogate", "number out of range", "recursion limit"];
            let said = error.to_string();
            // After a number or a word, serde_json wants a blank or a bracket; Loki reads one value and stops.
            let stops = said.contains("trailing characters") || said.contains("unexpected end of hex escape");
            (!stops && !ours.iter().any(|class| said.contains(class))).then_some(false)
        }
    }
}

const PUSH: &str = r#" {"streams": [{"stream": {"app": "a\"b\u00e9", "n": 5}, "values": [["1", "x\n", {"t": "1"}], null]}],
    "other": [true, false, null, -0.5e+3, [], {}, [{}], {"a": []}, "\ud83d\ude00"]} "#;

#[test]
fn values_are_found_where_they_stand() {
    let (mut names, mut kinds) = (Vec::new(), Vec::new());
    let mut cursor = Cursor::new(PUSH.as_bytes(), 0);
    let walked = cursor.object("an object", |name, cursor| {
        names.push(name.content());
        if name.content() != b"other" {
            return cursor.value().map(drop);
        }
        cursor.array("an array", |cursor| {
            let (start, value) = (cursor.start(), cursor.value()?);
            assert_eq!((start, cursor.end()), (value.start, value.end()));
            assert_eq!(&PUSH.as_bytes()[value.start..value.end()], value.raw);
            kinds.push(value.kind);
            Ok(())
        })
    });
    assert_eq!(walked, Ok(()));
    assert_eq!(names, [&b"streams"[..], b"other"]);
    use Kind::{Array, Bool, Null, Number, Object, String};
    assert_eq!(kinds, [Bool, Bool, Null, Number, Array, Object, Array, Object, String]);
}

/// Reads a text by walking into every value rather than by skipping it.
fn walk(cursor: &mut Cursor<'_>, depth: u32) -> Result<(), JsonError> {
    match cursor.kind() {
        Kind::Array if depth > 0 => cursor.array("an array", |cursor| walk(cursor, depth - 1)),
        Kind::Object if depth > 0 => cursor.object("an object", |_, cursor| walk(cursor, depth - 1)),
        _ => cursor.value().map(drop),
    }
}

#[test]
fn escapes_are_resolved() {
    for (raw, want) in [
        (r#""plain""#, "plain"),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""a\u00e9\u4e16z""#, "aé世z"),
        (r#""\ud83d\ude00""#, "😀"),
        (r#""\udfff\uffff""#, "\u{fffd}"),
    ] {
        let value = read(raw).unwrap();
        assert_eq!(value.text().unwrap(), want.as_bytes(), "{raw}");
        assert_eq!(Cursor::new(raw.as_bytes(), 0).text_length(""), Ok(want.len()), "{raw}");
    }
    for raw in [r#""\ud83d""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#""\udc00 ""#] {
        assert!(read(raw).unwrap().text().is_err(), "{raw}");
        assert!(Cursor::new(raw.as_bytes(), 0).text_length("").is_err(), "{raw}");
    }
}

#[test]
fn what_is_no_json_is_refused_where_it_breaks() {
    for (text, at) in [
        ("", 0),
        ("  ", 2),
        ("nul", 0),
        ("{", 1),
        ("[1,]", 3),
        ("[1}", 2),
        ("{\"a\" 1}", 5),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("\"abc", 4),
        ("\"\\x\"", 1),
        ("\"\\u12g4\"", 1),
        ("-", 1),
        ("1.", 2),
        ("00", 1),
        ("-01", 2),
        ("1e", 2),
    ] {
        assert_eq!(read(text).map_err(|error| error.at), Err(at), "{text}");
    }
}

#[test]
fn nesting_is_bounded_and_recursion_is_not_used() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(128)).is_ok());
    assert!(read(&nested(129)).is_err());
    assert!(read(&"[".repeat(1 << 20)).is_err());
    assert!(read(&"{\"a\":".repeat(1 << 16)).is_err());
}

#[test]
fn the_text_ends_with_its_first_value() {
    for text in ["{} trailing", "[1]]", "nullx", "\"a\"\"b\"", "{\"a\":\"\u{1}\"}"] {
        assert!(read(text).is_ok(), "{text}");
    }
    assert!(Cursor::new(b"\"\xff\xfe\"", 0).value().is_ok(), "bytes that are no UTF-8 stay");
}

/// Whether a name stands twice in an object: a tree forgets all but the last.
pub(crate) fn is_twofold(text: &[u8]) -> bool {
    fn members(tree: &serde_json::Value) -> usize {
        match tree {
            serde_json::Value::Array(values) => values.iter().map(members).sum(),
            serde_json::Value::Object(values) => values.len() + values.values().map(members).sum::<usize>(),
            _ => 0,
        }
    }
    let (mut quoted, mut colons, mut bytes) = (false, 0, text.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b':' if !quoted => colons += 1,
            _ => {}
        }
    }
    serde_json::from_slice(text).is_ok_and(|tree| members(&tree) < colons)
}

/// Compares the readings of a text, whatever it is; says whether it begins with a value, where serde_json has a say.
pub(crate) fn agree(text: &[u8]) -> Option<bool> {
    let place = |error: JsonError| error.at;
    let skipped = Cursor::new(text, 0).value().map(drop).map_err(place);
    let walked = walk(&mut Cursor::new(text, 0), 9).map_err(place);
    // How deep a value may be counts from where it is skipped.
    if text.iter().filter(|byte| b"[{".contains(byte)).count() < 128 {
        assert_eq!(walked, skipped, "{:?}", String::from_utf8_lossy(text));
    }
    let theirs = reference(text)?;
    assert_eq!(skipped.is_ok(), theirs, "{:?}", String::from_utf8_lossy(text));
    Some(theirs)
}

#[test]
fn damaged_texts_get_the_verdict_of_serde_json() {
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    let mut compare = |text: &[u8]| match agree(text) {
        Some(true) => accepted += 1,
        Some(false) => refused += 1,
        None => {}
    };
    let whole = PUSH.as_bytes();
    (0..whole.len()).for_each(|end| compare(&whole[..end]));
    let mut random = Random::new(7);
    for _ in 0..20_000 {
        let mut damaged = whole.to_vec();
        for _ in 0..=random.below(3) {
            random.damage(&mut damaged, b"{}[]\",:\\u0e-. \ntfn");
        }
        compare(&damaged);
    }
    assert!(refused > 5_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
}

#[test]
fn strings_mean_what_serde_json_says() {
    let mut random = Random::new(11);
    for _ in 0..5_000 {
        let text: String = (0..random.below(20)).map(|_| random.character()).collect();
        let raw = serde_json::to_string(&text).unwrap();
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for raw in [raw, format!("\"{escaped}\"")] {
            assert_eq!(read(&raw).unwrap().text().unwrap(), text.as_bytes(), "{raw}");
            assert_eq!(Cursor::new(raw.as_bytes(), 0).text_length(""), Ok(text.len()), "{raw}");
        }
    }
}
