//! Reading bodies within bounds: of one request, and of all that an instance serves at once.

use crate::within::within;
use bytes::Bytes;
use cockpit_core::{Body, BodyError, Fault, Refusal, ports::Timer};
use http::{HeaderMap, header::CONTENT_LENGTH};
use http_body_util::BodyExt;
use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

/// The most body bytes an instance holds at once. A host may put 16 requests into an instance with 128 MiB;
/// this leaves room to inflate one of them.
const HELD_AT_MOST: usize = 48 << 20;

static HELD: AtomicUsize = AtomicUsize::new(0);

/// How much of a refused body is thrown away before the answer, and for how long at most.
#[derive(Clone, Copy, Debug)]
struct Discard {
    bytes: usize,
    time: Duration,
}

/// A stranger may hold a place in an instance for so long, but not for ever.
const OF_STRANGERS: Discard = Discard { bytes: 1 << 20, time: Duration::from_secs(2) };

/// Whoever is let in sees the refusal on a slow line, too.
const TIME_OF_CALLERS: Duration = Duration::from_secs(10);

/// A body that has not been read yet.
#[derive(Debug)]
pub(crate) struct Incoming {
    body: Body,
    length: Option<usize>,
    limit: usize,
    discard: Discard,
}

impl Incoming {
    /// Takes a body on, of which nothing may be read yet.
    pub(crate) fn new(body: Body) -> Self {
        Self { body, length: None, limit: 0, discard: OF_STRANGERS }
    }

    /// Lets the body of somebody who may send one be read; refuses one that says it is larger than `limit`.
    pub(crate) fn admit(&mut self, headers: &HeaderMap, limit: usize) -> Result<(), Refusal> {
        self.discard = Discard { bytes: limit.saturating_mul(2).max(OF_STRANGERS.bytes), time: TIME_OF_CALLERS };
        self.limit = limit;
        if let Some(value) = headers.get(CONTENT_LENGTH) {
            let length = value.to_str().ok().and_then(|text| text.parse().ok()).ok_or(Refusal::TooLarge(limit))?;
            self.length = Some(length);
            if length > limit {
                return Err(Refusal::TooLarge(limit));
            }
        }
        Ok(())
    }

    /// Throws a refused body away, within bounds. A connection that is closed while its peer still writes is reset,
    /// and the peer would see that instead of the refusal, and send again.
    pub(crate) async fn discard(&mut self, timer: &impl Timer) {
        let Discard { bytes, time } = self.discard;
        within(timer, time, self.throw_away(bytes)).await;
    }

    async fn throw_away(&mut self, mut left: usize) {
        while let Some(Ok(frame)) = self.body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(length) else { return };
            left = less;
        }
    }

    /// Reads all of it in this time, and stops at the limit whatever was announced.
    pub(crate) async fn read(&mut self, timer: &impl Timer, time: Duration) -> Result<Bytes, Refusal> {
        let read = read_whole(&mut self.body, self.limit, |_| Refusal::Interrupted);
        let Some(read) = within(timer, time, read).await else {
            // Whoever was waited for in vain is not waited for again to throw away the rest.
            self.body = Body::Empty;
            return Err(Refusal::Late(time));
        };
        read
    }

    /// The body itself where its length is known.
    pub(crate) fn unread(&mut self) -> Option<Body> {
        match self.length? {
            0 => Some(Body::Empty),
            _ => Some(std::mem::take(&mut self.body)),
        }
    }
}

/// Reads a body up to a limit, and counts it among those that the instance holds.
pub(crate) async fn read_whole(
    mut body: impl http_body::Body<Data = Bytes, Error = BodyError> + Unpin,
    limit: usize,
    broken: impl Fn(BodyError) -> Refusal,
) -> Result<Bytes, Refusal> {
    let mut claim = Claim::default();
    let mut pieces = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(&broken)?.into_data() else { continue };
        length = length.saturating_add(piece.len());
        if length > limit {
            return Err(Refusal::TooLarge(limit));
        }
        claim.grow(piece.len())?;
        pieces.push(piece);
    }
    Ok(claim.hold(joined(pieces)))
}

fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.len() {
        0 | 1 => pieces.pop().unwrap_or_default(),
        _ => pieces.concat().into(),
    }
}

/// Counts bytes that a handler made among those the instance holds, until nobody needs them.
pub(crate) fn hold(bytes: Bytes) -> Result<Bytes, Refusal> {
    let mut claim = Claim::default();
    claim.grow(bytes.len())?;
    Ok(claim.hold(bytes))
}

/// A share of the bytes that the instance may hold; given back when dropped.
#[derive(Debug, Default)]
struct Claim(usize);

impl Claim {
    fn grow(&mut self, by: usize) -> Result<(), Refusal> {
        self.0 += by;
        if HELD.fetch_add(by, Relaxed).saturating_add(by) > HELD_AT_MOST {
            return Err(Refusal::Unavailable(Fault::new(
                "the gateway is busy, try again later",
                "the instance holds as many body bytes as it may",
            )));
        }
        Ok(())
    }

    fn hold(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Held { bytes, _claim: self })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Relaxed);
    }
}

/// Bytes that keep their claim until nobody needs them.
struct Held {
    bytes: Bytes,
    _claim: Claim,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_core::ports::Clock;
    use cockpit_fake::{Fake, run, run_soon};
    use http::HeaderValue;

    const TIME: Duration = Duration::from_secs(30);

    fn incoming(body: Body, length: Option<&'static str>, limit: usize) -> Result<Incoming, Refusal> {
        let headers = length.map(|length| (CONTENT_LENGTH, HeaderValue::from_static(length)));
        let mut incoming = Incoming::new(body);
        incoming.admit(&headers.into_iter().collect(), limit).map(|()| incoming)
    }

    fn pieces(pieces: &'static [&'static str]) -> Body {
        cockpit_fake::streaming(pieces)
    }

    #[test]
    fn a_body_is_read_up_to_its_limit() {
        let fake = Fake::new(&[]);
        let read = |limit| run(incoming(pieces(&["ab", "", "cd"]), None, limit).unwrap().read(&fake, TIME));
        assert_eq!(read(4).unwrap(), "abcd");
        assert!(matches!(read(3), Err(Refusal::TooLarge(3))));
    }

    #[test]
    fn a_length_over_the_limit_is_refused_unread() {
        for length in ["5", "99999999999999999999", "-1", "x"] {
            assert!(matches!(incoming(Body::Empty, Some(length), 4), Err(Refusal::TooLarge(4))), "{length}");
        }
        assert!(incoming(Body::Empty, Some("4"), 4).is_ok());
    }

    #[test]
    fn a_body_of_known_length_is_forwarded_unread_and_another_is_not() {
        assert!(matches!(incoming(pieces(&["ab"]), Some("2"), 4).unwrap().unread(), Some(Body::Stream(_))));
        assert!(matches!(incoming(pieces(&[]), Some("0"), 4).unwrap().unread(), Some(Body::Empty)));
        assert!(incoming(pieces(&["ab"]), None, 4).unwrap().unread().is_none());
    }

    #[test]
    fn a_body_that_does_not_arrive_is_waited_for_once() {
        let (fake, mut body) = (Fake::new(&[]), incoming(cockpit_fake::stalled("ab"), Some("4"), 4).unwrap());
        let begun = fake.now().micros();
        assert!(matches!(run_soon(body.read(&fake, TIME)), Err(Refusal::Late(TIME))));
        run_soon(body.discard(&fake));
        assert_eq!(fake.now().micros() - begun, 30_000_000);
    }

    #[test]
    fn a_refused_body_is_thrown_away_up_to_a_bound() {
        let fake = Fake::new(&[]);
        let mut body = Incoming::new(pieces(&["ab", "cd"]));
        run(body.discard(&fake));
        assert!(run(body.body.frame()).is_none());
        let discard = Discard { bytes: 3, ..OF_STRANGERS };
        let mut long = Incoming { discard, ..Incoming::new(pieces(&["ab", "cd", "ef"])) };
        run(long.discard(&fake));
        assert!(run(long.body.frame()).is_some());
    }

    #[test]
    fn nobody_holds_his_place_by_sending_nothing() {
        for (admitted, seconds) in [(false, 2), (true, 10)] {
            let (fake, mut body) = (Fake::new(&[]), Incoming::new(cockpit_fake::stalled("ab")));
            if admitted {
                body.admit(&HeaderMap::new(), 4).unwrap();
            }
            let begun = fake.now().micros();
            run_soon(body.discard(&fake));
            assert_eq!(fake.now().micros() - begun, seconds * 1_000_000);
        }
    }

    #[test]
    fn an_instance_that_holds_too_much_says_come_back() {
        let mut claim = Claim::default();
        let big = claim.grow(HELD_AT_MOST / 2).map(|()| claim.hold(Bytes::new())).unwrap();
        let refused = Claim::default().grow(HELD_AT_MOST / 2 + 1);
        assert!(matches!(refused, Err(Refusal::Unavailable(_))));
        assert!(hold(vec![0; HELD_AT_MOST / 2 + 1].into()).is_err());
        drop(big);
        let made = hold(vec![0; HELD_AT_MOST / 2].into()).unwrap();
        assert!(Claim::default().grow(HELD_AT_MOST / 2 + 1).is_err());
        drop(made);
        assert!(Claim::default().grow(HELD_AT_MOST / 2 + 1).is_ok());
    }
}
