//! What a backend says when it refuses a push, as senders can show it: one line of text. Backends explain themselves at
//! length, and what stands before them in HTML.

use crate::{error::line, within::within};
use cockpit_core::{Body, ports::Timer};
use http::{
    HeaderMap, HeaderValue, Response,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::BodyExt;
use std::time::Duration;

/// So many bytes are read: more than are shown, and few enough to be held beside anything.
const ENOUGH: usize = 1024;

/// The text is waited for at most so long: the status is there, and the sender waits for no more than that.
const PATIENCE: Duration = Duration::from_secs(2);

/// The same answer with no more than the first line of its text, as far as it comes in time. `timeout` is what the
/// backend has for an answer, which may be less.
pub(crate) async fn shown(timer: &impl Timer, timeout: Duration, answer: Response<Body>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let text = if is_packed(&head.headers) { Vec::new() } else { beginning(timer, timeout.min(PATIENCE), body).await };
    for name in [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE] {
        head.headers.remove(name);
    }
    let text = String::from_utf8_lossy(&text);
    let Some(first) = text.trim().lines().next() else { return Response::from_parts(head, Body::Empty) };
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Response::from_parts(head, Body::from_bytes(line(first)))
}

/// Whether a body has to be unpacked before it can be read. One that says `identity`, or nothing, does not.
fn is_packed(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let mut codings = values.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim);
    codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
}

/// How a body begins, as far as it comes in time.
async fn beginning(timer: &impl Timer, time: Duration, mut body: Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            let room = ENOUGH.saturating_sub(bytes.len());
            bytes.extend(frame.data_ref().into_iter().flatten().take(room));
            if bytes.len() == ENOUGH {
                return;
            }
        }
    };
    within(timer, time, read).await;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_core::ports::Clock;
    use cockpit_fake::{Fake, interrupted, run, stalled, streaming};
    use http::header::RETRY_AFTER;

    fn told(body: Body) -> Response<Body> {
        let mut answer = Response::new(body);
        for (name, value) in [(CONTENT_TYPE, "text/html"), (CONTENT_LENGTH, "99"), (RETRY_AFTER, "7")] {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        run(shown(&Fake::new(&[]), Duration::from_secs(10), answer))
    }

    fn text(answer: Response<Body>) -> String {
        String::from_utf8(run(answer.into_body().collect()).unwrap().to_bytes().to_vec()).unwrap()
    }

    #[test]
    fn the_first_line_is_shown_without_control_characters() {
        let (long, clipped) = ("é".repeat(4096), format!("{}\n", "é".repeat(127)));
        for (body, want) in [
            (Body::from_bytes("out of order\n"), "out of order\n"),
            (Body::from_bytes("\n one\r\ntwo\n"), "one\n"),
            (Body::from_bytes("a\u{1b}[31m\tb"), "a [31m b\n"),
            (Body::from_bytes(&b"\xff\xfe"[..]), "\u{fffd}\u{fffd}\n"),
            (Body::from_bytes(long), &*clipped),
            (streaming(&["out ", "of", " order", "\nand more"]), "out of order\n"),
            (interrupted("out of"), "out of\n"),
            (stalled("out of"), "out of\n"),
            (Body::from_bytes(" \n"), ""),
            (Body::Empty, ""),
        ] {
            assert_eq!(text(told(body)), want);
        }
    }

    #[test]
    fn its_headers_say_what_the_body_has_become() {
        let headers = told(Body::from_bytes("<html>")).headers().clone();
        assert_eq!(
            (&headers[CONTENT_TYPE], &headers[RETRY_AFTER]),
            (&"text/plain; charset=utf-8".parse().unwrap(), &"7".parse().unwrap())
        );
        assert!(!headers.contains_key(CONTENT_LENGTH));
        let nothing = told(Body::Empty);
        assert!(!nothing.headers().contains_key(CONTENT_TYPE));
    }

    #[test]
    fn a_text_that_stalls_is_not_waited_for_as_long_as_the_answer_was() {
        for (timeout, waited) in [(600, 2), (10, 2), (1, 1)] {
            let fake = Fake::new(&[]);
            let begun = fake.now().micros();
            run(shown(&fake, Duration::from_secs(timeout), Response::new(stalled("out of"))));
            assert_eq!(fake.now().micros() - begun, waited * 1_000_000);
        }
    }

    #[test]
    fn what_is_packed_is_not_shown_and_identity_is_not_packed() {
        for (codings, want) in [
            (&["gzip"][..], ""),
            (&["identity, GZIP"], ""),
            (&["identity", "gzip"], ""),
            (&["\u{e9}"], ""),
            (&["identity"], "out of order\n"),
            (&[" Identity ,"], "out of order\n"),
            (&[""], "out of order\n"),
        ] {
            let mut answer = Response::new(Body::from_bytes("out of order\n"));
            for coding in codings {
                answer.headers_mut().append(CONTENT_ENCODING, coding.parse().unwrap());
            }
            let told = run(shown(&Fake::new(&[]), Duration::from_secs(10), answer));
            assert!(!told.headers().contains_key(CONTENT_ENCODING), "{codings:?}");
            assert_eq!(text(told), want, "{codings:?}");
        }
    }
}
