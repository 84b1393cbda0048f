//! Label policies: Prometheus selectors such as `{team="a", env!~"test.*"}`, checked before they are kept, because
//! what the backend does not understand would fail every query of their token.

/// The longest selector, in bytes: it travels in a header of every query.
const MAX_BYTES: usize = 2_048;

/// Checks a selector; the error says what is wrong and where.
pub(crate) fn check(text: &str) -> Result<(), String> {
    if text.len() > MAX_BYTES {
        return Err(format!("has more than {MAX_BYTES} bytes"));
    }
    let mut rest = Rest { text, left: text };
    rest.expect('{')?;
    let mut matchers = 0;
    while !rest.take('}') {
        rest.matcher()?;
        matchers += 1;
        if !rest.take(',') {
            rest.expect('}')?;
            break;
        }
    }
    rest.skip_spaces();
    if !rest.left.is_empty() {
        return Err(rest.fault("nothing may follow"));
    }
    // It would be no policy.
    if matchers == 0 { Err("must have at least one matcher".into()) } else { Ok(()) }
}

/// What is left of a selector.
struct Rest<'t> {
    text: &'t str,
    left: &'t str,
}

impl Rest<'_> {
    fn matcher(&mut self) -> Result<(), String> {
        self.label()?;
        self.operator()?;
        self.quoted()
    }

    fn label(&mut self) -> Result<(), String> {
        self.skip_spaces();
        let length = self.left.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let starts = self.left.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts {
            return Err(self.fault("a label name is expected"));
        }
        self.advance(length);
        Ok(())
    }

    fn operator(&mut self) -> Result<(), String> {
        self.skip_spaces();
        let found = ["=~", "!~", "!=", "="].into_iter().find(|operator| self.left.starts_with(operator));
        let operator = found.ok_or_else(|| self.fault("=, !=, =~ or !~ is expected"))?;
        self.advance(operator.len());
        Ok(())
    }

    fn quoted(&mut self) -> Result<(), String> {
        self.skip_spaces();
        let quote = self.left.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'));
        let quote = quote.ok_or_else(|| self.fault("a quoted value is expected"))?;
        let mut escaped = false;
        for (at, character) in self.left.char_indices().skip(1) {
            match character {
                _ if escaped => escaped = false,
                '\\' if quote != '`' => escaped = true,
                '\n' if quote != '`' => break,
                _ if character == quote => {
                    self.advance(at + 1);
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(self.fault("the quoted value does not end"))
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_spaces();
        let found = self.left.starts_with(wanted);
        self.advance(if found { wanted.len_utf8() } else { 0 });
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(self.fault(&format!("{wanted} is expected"))) }
    }

    fn skip_spaces(&mut self) {
        self.left = self.left.trim_start();
    }

    fn advance(&mut self, bytes: usize) {
        self.left = self.left.get(bytes..).unwrap_or_default();
    }

    fn fault(&self, what: &str) -> String {
        format!("{what} at byte {}", self.text.len() - self.left.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_as_prometheus_writes_them_are_taken() {
        for text in [
            r#"{team="a"}"#,
            r#" { team = "a" , env!~"test.*|dev", } "#,
            r#"{a!="x\"}",b=~'it\'s',c=`raw\`}"#,
            r#"{__name__=~"up|é"}"#,
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, want) in [
            ("", "{ is expected at byte 0"),
            ("{}", "at least one matcher"),
            (r#"{team="a""#, "} is expected at byte 9"),
            (r#"{team="a"} or"#, "nothing may follow at byte 11"),
            (r#"up{team="a"}"#, "{ is expected at byte 0"),
            (r#"{te-am="a"}"#, "=, !=, =~ or !~ is expected at byte 3"),
            (r#"{team=="a"}"#, "a quoted value is expected at byte 6"),
            (r#"{team=a}"#, "a quoted value is expected at byte 6"),
            (r#"{team="a}"#, "the quoted value does not end at byte 6"),
            (r#"{1="a"}"#, "a label name is expected at byte 1"),
        ] {
            let told = check(text).unwrap_err();
            assert!(told.contains(want), "{text}: {told}");
        }
        assert!(check(&format!(r#"{{a="{}"}}"#, "x".repeat(MAX_BYTES))).is_err());
    }
}
