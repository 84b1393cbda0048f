use super::*;
use crate::random::Random;

fn labels(text: &str) -> Result<Vec<(String, String)>, LabelsError> {
    let mut labels = Vec::new();
    parse(text.as_bytes(), 1000, &mut labels)?;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(labels.iter().map(|label| (lossy(&label.name), lossy(&label.value))).collect())
}

fn check(text: &str, want: &[(&str, &str)]) {
    let want: Vec<_> = want.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(labels(text), Ok(want), "{text}");
}

#[test]
fn labels_are_read_as_promql_reads_them() {
    check(r#"{a="b"}"#, &[("a", "b")]);
    check(r#"{ b = "2" , a='1',}"#, &[("a", "1"), ("b", "2")]);
    check("{a=`raw \\n \n`}", &[("a", "raw \\n \n")]);
    check(r#"{a="\a\b\f\n\r\t\v\\\"'"}"#, &[("a", "\u{7}\u{8}\u{c}\n\r\t\u{b}\\\"'")]);
    check(r#"{a='\x41\101\u00e9\U0001F600\'"'}"#, &[("a", "AAé😀'\"")]);
    check(r#"{"a b"="c","d"="e"}"#, &[("a b", "c"), ("d", "e")]);
    check(r#"{"name", a="b"}"#, &[("__name__", "name"), ("a", "b")]);
    check(r#"name{a="b",__name__="other"}"#, &[("__name__", "name"), ("a", "b")]);
    check("sum", &[("__name__", "sum")]);
    check("{a=\"b\", # comment } \n c=\"d\"} # more", &[("a", "b"), ("c", "d")]);
    check("", &[]);
    check("{}", &[]);
    check(r#"{a="",b="c"}"#, &[("b", "c")]);
    check(r#"{a="2",a="1"}"#, &[("a", "1"), ("a", "2")]);
}

#[test]
fn an_escape_may_stand_for_any_byte() {
    let mut labels = Vec::new();
    parse(br#"{a="\xff\377"}"#, 1000, &mut labels).unwrap();
    assert_eq!(*labels[0].value, [0xff, 0xff]);
}

#[test]
fn what_holds_no_labels_is_refused_where_it_breaks() {
    for (text, at) in [
        ("{", 1),
        ("{a", 2),
        ("{a=", 3),
        ("{a=b}", 3),
        ("{a=\"b\"", 6),
        ("{a=\"b\" c=\"d\"}", 7),
        ("{,}", 1),
        ("{a=\"b\",,}", 7),
        ("{a-b=\"c\"}", 2),
        ("{1a=\"c\"}", 1),
        ("{a:b=\"c\"}", 2),
        ("{a!=\"c\"}", 2),
        ("{a=~\"c\"}", 3),
        ("{a=\"b\"} x", 8),
        ("{a=\"b\"}}", 7),
        ("\"a\"", 0),
        ("on{a=\"b\"}", 0),
        ("NaN", 0),
        ("{a=\"b\nc\"}", 5),
        ("{a=\"\\q\"}", 5),
        ("{a=\"\\'\"}", 5),
        ("{a=\"\\400\"}", 5),
        ("{a=\"\\ud800\"}", 5),
        ("{a=\"\\U00110000\"}", 5),
        ("{a=\"\\x4\"}", 5),
        ("{a=\"\\", 5),
        ("{a=\"b\u{fffd}\"}", 4),
    ] {
        assert_eq!(labels(text).map_err(|error| error.at), Err(at), "{text}");
    }
    assert_eq!(parse(b"{a=\"\xff\"}", 1000, &mut Vec::new()).map_err(|error| error.at), Err(4));
}

/// The same grammar once more, the slow way: tokens first, everything owned, one character at a time.
mod reference {
    #[derive(Clone, Debug, PartialEq)]
    pub(super) enum Token {
        Mark(char),
        Name(String),
        Text(Vec<u8>),
    }

    pub(super) fn labels(text: &str) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        let tokens = tokens(&text.chars().collect::<Vec<_>>())?;
        let mut tokens = tokens.as_slice();
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut metric = None;
        if let [Token::Name(name), rest @ ..] = tokens {
            let reserved = ["atan2", "bool", "group_left", "group_right", "ignoring", "inf", "nan", "on"];
            if reserved.contains(&name.to_ascii_lowercase().as_str()) {
                return None;
            }
            (metric, tokens) = (Some(name.clone()), rest);
        }
        if let [Token::Mark('{'), inside @ .., Token::Mark('}')] = tokens {
            let inside = inside.strip_suffix(&[Token::Mark(',')]).filter(|rest| !rest.is_empty()).unwrap_or(inside);
            if !inside.is_empty() {
                for item in inside.split(|token| *token == Token::Mark(',')) {
                    found.push(match item {
                        [Token::Name(name), Token::Mark('='), Token::Text(value)] if !name.contains(':') => {
                            (name.clone().into_bytes(), value.clone())
                        }
                        [Token::Text(name), Token::Mark('='), Token::Text(value)] => (name.clone(), value.clone()),
                        [Token::Text(name)] => (b"__name__".to_vec(), name.clone()),
                        _ => return None,
                    });
                }
            }
        } else if !tokens.is_empty() {
            return None;
        }
        if let Some(metric) = metric {
            found.retain(|(name, _)| name != b"__name__");
            found.push((b"__name__".to_vec(), metric.into_bytes()));
        }
        found.retain(|(_, value)| !value.is_empty());
        found.sort();
        Some(found)
    }

    fn tokens(text: &[char]) -> Option<Vec<Token>> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(&c) = text.get(at) {
            at += 1;
            match c {
                ' ' | '\t' | '\n' | '\r' => {}
                '#' => at += text[at..].iter().take_while(|c| !matches!(c, '\n' | '\r')).count(),
                '{' | '}' | ',' | '=' => found.push(Token::Mark(c)),
                '"' | '\'' | '`' => {
                    let mut value = Vec::new();
                    loop {
                        let next = *text.get(at)?;
                        at += 1;
                        match next {
                            '\u{fffd}' => return None,
                            _ if next == c => break,
                            '\\' if c != '`' => at += escape(&text[at..], c, &mut value)?,
                            '\n' if c != '`' => return None,
                            _ => value.extend(next.to_string().into_bytes()),
                        }
                    }
                    found.push(Token::Text(value));
                }
                'a'..='z' | 'A'..='Z' | '_' | ':' => {
                    let name = |c: &&char| c.is_ascii_alphanumeric() || matches!(**c, '_' | ':');
                    let length = text[at..].iter().take_while(name).count();
                    found.push(Token::Name(text[at - 1..at + length].iter().collect()));
                    at += length;
                }
                _ => return None,
            }
        }
        Some(found)
    }

    fn escape(text: &[char], quote: char, value: &mut Vec<u8>) -> Option<usize> {
        let digits = |from: usize, count: usize, base: u32| {
            let digits = text.get(from..from + count)?;
            digits.iter().try_fold(0, |number, c| Some(number * u64::from(base) + u64::from(c.to_digit(base)?)))
        };
        let single = "a\u{7}b\u{8}f\u{c}n\nr\rt\tv\u{b}\\\\";
        let first = *text.first()?;
        if first == quote {
            value.extend(first.to_string().into_bytes());
            return Some(1);
        }
        let (number, length) = match first {
            'x' => (digits(1, 2, 16)?, 3),
            '0'..='7' => (digits(0, 3, 8)?, 3),
            'u' | 'U' => {
                let count = if first == 'u' { 4 } else { 8 };
                let c = char::from_u32(u32::try_from(digits(1, count, 16)?).ok()?)?;
                value.extend(c.to_string().into_bytes());
                return Some(count + 1);
            }
            _ => {
                let at = single.chars().step_by(2).position(|name| name == first)?;
                (u64::from(single.chars().nth(at * 2 + 1)?), 1)
            }
        };
        value.push(u8::try_from(number).ok()?);
        Some(length)
    }
}

/// Labels as senders may write them.
pub(crate) const WHOLE: &str =
    "NAME { a = \"b\\x41\\101\\u00e9\", 'c d'='\\U0001F600' ,`e`=\"\", # x\n \"f\",g='\\'\\\\',} # y";

/// Compares what is found in a text, whatever it is; says whether it holds labels, if it is text.
pub(crate) fn agree(text: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(text).ok()?;
    let mut found = Vec::new();
    let ours = parse(text.as_bytes(), text.len(), &mut found)
        .is_ok()
        .then(|| found.iter().map(|label| (label.name.to_vec(), label.value.to_vec())).collect::<Vec<_>>());
    assert_eq!(ours, reference::labels(text), "{text:?}");
    Some(ours.is_some())
}

#[test]
fn damaged_texts_get_the_verdict_of_a_straightforward_parser() {
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    let mut compare = |text: &[u8]| match agree(text) {
        Some(true) => accepted += 1,
        Some(false) => refused += 1,
        None => {}
    };
    (0..WHOLE.len()).for_each(|end| compare(&WHOLE.as_bytes()[..end]));
    let names = ["", "atan2", "Bool", "group_left", "GROUP_RIGHT", "ignoring", "Inf", "NaN", "on", "sum"];
    let mut random = Random::new(3);
    for _ in 0..50_000 {
        let name = if random.below(4) == 0 { random.pick(&names) } else { "na:me" };
        let mut damaged = WHOLE.replacen("NAME", name, 1).into_bytes();
        for _ in 0..=random.below(3) {
            random.damage(&mut damaged, b"{}\"'`,=\\# \nabuUx07_:-1");
        }
        compare(&damaged);
    }
    assert!(refused > 5_000 && accepted > 5_000, "{refused} refused, {accepted} accepted");
}
