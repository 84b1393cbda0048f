use super::*;
use crate::random::Random;

#[test]
fn a_block_is_inflated_up_to_the_limit() {
    for length in [1, 100, 70_000] {
        let raw = vec![b'a'; length];
        let block = snap::raw::Encoder::new().compress_vec(&raw).unwrap();
        assert_eq!(inflate(&block, length), Ok(raw));
        let want = SnappyError::TooLarge { declared: length, limit: length - 1 };
        assert_eq!(inflate(&block, length - 1), Err(want));
    }
    assert_eq!(inflate(b"\0", 10), Ok(Vec::new()), "a block of nothing is a block");
}

#[test]
fn what_is_no_block_is_corrupt() {
    let framed = b"\xff\x06\0\0sNaPpY\x01\x05\0\0\x11\x22\x33\x44a";
    let promises_4_gib = b"\xff\xff\xff\xff\x0f";
    let honest = snap::raw::Encoder::new().compress_vec(b"hello, hello, hello").unwrap();
    for block in [b"", &framed[..], promises_4_gib, b"\x05ab", &honest[..honest.len() - 1], b"\x80"] {
        assert_eq!(inflate(block, 1 << 20), Err(SnappyError::Corrupt), "{block:?}");
    }
}

/// The format once more, byte by byte: a length, then literals and copies by the low two bits of a tag.
fn reference(block: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = block.iter().map(|byte| u64::from(*byte));
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = bytes.next().filter(|_| shift < 35)?;
        length |= (byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    let length = usize::try_from(u32::try_from(length).ok()?).ok()?;
    let mut text = Vec::new();
    let number = |bytes: &mut dyn Iterator<Item = u64>, count: u64| {
        (0..count).try_fold(0, |number, index| Some(number | bytes.next()? << (8 * index)))
    };
    while let Some(tag) = bytes.next() {
        let (count, offset) = match tag & 3 {
            0 if tag >> 2 < 60 => (tag / 4 + 1, None),
            0 => (number(&mut bytes, tag / 4 - 59)? + 1, None),
            1 => ((tag >> 2 & 7) + 4, Some((tag >> 5 << 8) | number(&mut bytes, 1)?)),
            2 => (tag / 4 + 1, Some(number(&mut bytes, 2)?)),
            _ => (tag / 4 + 1, Some(number(&mut bytes, 4)?)),
        };
        for _ in 0..count {
            let byte = match offset {
                None => u8::try_from(bytes.next()?).unwrap(),
                Some(0) => return None,
                Some(offset) => *text.get(text.len().checked_sub(usize::try_from(offset).ok()?)?)?,
            };
            text.push(byte);
        }
        if text.len() > length {
            return None;
        }
    }
    (text.len() == length).then_some(text)
}

/// A text with repetitions near and far.
fn text(random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..random.below(12) {
        let from = random.below(text.len() + 1);
        match random.below(3) {
            0 => text.extend((0..random.below(90)).map(|_| random.next().to_le_bytes()[0])),
            1 => text.extend_from_within(from..),
            _ => text.resize(text.len() + random.below(70), b'a'),
        }
    }
    text
}

/// A block of this text, which comes in pieces of this length.
fn in_pieces(text: &[u8], piece: usize) -> Vec<u8> {
    let mut deflater = Deflater::new(text.len()).unwrap();
    text.chunks(piece).for_each(|piece| deflater.push(piece));
    deflater.finish()
}

#[test]
fn a_text_may_come_in_pieces_of_any_length() {
    let text: Vec<u8> = (0..20_000).flat_map(|number| format!("a line with number {number}\n").into_bytes()).collect();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, text.len()] {
        for piece in [1, 1_000, CHUNK, CHUNK + 1, text.len()] {
            let text = &text[..length];
            let block = in_pieces(text, piece);
            assert_eq!(inflate(&block, length).as_deref(), Ok(text), "{length} in pieces of {piece}");
            assert!(length < 1_000 || block.len() < length / 2, "{length} in pieces of {piece}");
        }
    }
    #[cfg(target_pointer_width = "64")]
    assert!(Deflater::new(1 << 32).is_none());
}

const LIMIT: usize = 1 << 20;

/// Compares what is inflated, whatever the block is; says whether it is one.
pub(crate) fn agree(block: &[u8]) -> bool {
    match (inflate(block, LIMIT), reference(block)) {
        (Ok(ours), Some(theirs)) if ours == theirs => true,
        (Err(SnappyError::TooLarge { .. }), _) | (Err(_), None) => false,
        (ours, theirs) => panic!("{ours:?}, {theirs:?}: {block:02x?}"),
    }
}

#[test]
fn damaged_blocks_get_the_verdict_of_a_plain_decoder() {
    let mut random = Random::new(13);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for _ in 0..20_000 {
        let text = text(&mut random);
        let mut block = in_pieces(&text, 1 + random.below(200));
        assert_eq!(inflate(&block, LIMIT), Ok(text.clone()));
        assert_eq!(deflate(&text).as_ref(), Some(&block));
        for _ in 0..=random.below(2) {
            random.damage(&mut block, b"\x00\x01\x02\x03\x05\x0f\xf0\xf4\xf8\xfc\x7f\x80\xff");
        }
        *if agree(&block) { &mut accepted } else { &mut refused } += 1;
    }
    assert!(refused > 5_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
}
