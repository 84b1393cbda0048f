use super::*;
use crate::random::Random;
use flate2::{Compression, write};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_coding_is_inflated_up_to_the_limit() {
    let text = b"hello, hello, hello".repeat(1000);
    for (coding, input) in
        [(Coding::Gzip, gzip(&text)), (Coding::Deflate, deflate(&text)), (Coding::Deflate, zlib(&text))]
    {
        assert_eq!(inflate(coding, &input, text.len()), Ok(Inflated { bytes: text.clone(), whole: true }));
        assert_eq!(inflate(coding, &input, text.len() - 1), Err(TooLarge(text.len() - 1)));
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_limit() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(inflate(Coding::Gzip, &bomb, 1 << 20), Err(TooLarge(1 << 20)));
}

#[test]
fn members_are_joined_and_damage_is_told() {
    let two = [gzip(b"ab"), gzip(b"cd")].concat();
    assert_eq!(inflate(Coding::Gzip, &two, 9), Ok(Inflated { bytes: b"abcd".into(), whole: true }));
    let short = gzip(b"abcd");
    for (input, bytes) in [
        (&short[..short.len() - 3], &b"abcd"[..]),
        (&[&short[..], b"junk"].concat(), b"abcd"),
        (b"", b""),
        (b"plain", b""),
    ] {
        let want = Inflated { bytes: bytes.into(), whole: false };
        assert_eq!(inflate(Coding::Gzip, input, 9), Ok(want), "{input:?}");
    }
    assert!(!inflate(Coding::Deflate, b"\x06plain", 9).unwrap().whole);
}

/// Inflates whatever it is given, which must not come to more than the limit.
pub(crate) fn is_bounded(bytes: &[u8]) {
    for (coding, limit) in [(Coding::Gzip, 0), (Coding::Gzip, 5_000), (Coding::Deflate, 0), (Coding::Deflate, 5_000)] {
        assert!(inflate(coding, bytes, limit).map_or(true, |inflated| inflated.bytes.len() <= limit), "{bytes:02x?}");
    }
}

/// A text in each coding.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let text = b"hello, hello, hello";
    vec![gzip(text), zlib(text), deflate(text), gzip(&[0; 10_000])]
}

#[test]
fn what_is_whole_is_what_was_sent_and_nothing_exceeds_the_limit() {
    let mut random = Random::new(17);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for _ in 0..5_000 {
        let text: Vec<u8> = (0..random.below(400)).map(|_| random.pick(b"abc\n")).collect();
        let limit = random.below(500);
        for (coding, whole) in
            [(Coding::Gzip, gzip(&text)), (Coding::Deflate, zlib(&text)), (Coding::Deflate, deflate(&text))]
        {
            let kept = inflate(coding, &whole, limit);
            assert_eq!(kept.is_ok_and(|kept| kept.bytes == text && kept.whole), text.len() <= limit);
            let mut damaged = whole.clone();
            for _ in 0..=random.below(2) {
                random.damage(&mut damaged, b"\x00\x01\x1f\x78\x8b\x9c\xff");
            }
            let Ok(Inflated { bytes, whole }) = inflate(coding, &damaged, limit) else { continue };
            assert!(bytes.len() <= limit);
            // The others have no checksum, or become bare when their envelope is damaged.
            assert!(!whole || coding == Coding::Deflate || bytes == text, "{damaged:02x?}");
            *if whole { &mut accepted } else { &mut refused } += 1;
        }
    }
    assert!(refused > 2_000 && accepted > 500, "{refused} refused, {accepted} accepted");
}
