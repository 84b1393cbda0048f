//! Protobuf messages written as nobody writes them and as everybody must read them, or not quite as they should be.

use crate::{
    protobuf::{Reader, Tag, put_varint},
    random::Random,
};

/// A field: its tag and its value, without the length of one that has a length.
type Field<'a> = (Tag, &'a [u8]);

/// The same message with some fields in another order, lists of numbers taken apart, and numbers longer than they
/// need to be. Text that looks like a message may become another text.
pub(crate) fn scramble(random: &mut Random, message: &[u8]) -> Vec<u8> {
    let Some(mut fields) = split(message) else { return message.to_vec() };
    if fields.len() > 1 && random.below(4) == 0 {
        let (a, b) = (random.below(fields.len()), random.below(fields.len()));
        fields.swap(a, b);
    }
    let mut written = Vec::new();
    for (tag, value) in fields {
        if !tag.is_delimited() {
            put(random, tag.number() << 3 | tag.wire(), &mut written);
            written.extend_from_slice(value);
        } else if random.below(24) == 0 {
            take_apart(random, tag, value, &mut written);
        } else {
            let value = if random.below(2) == 0 { scramble(random, value) } else { value.to_vec() };
            put(random, tag.number() << 3 | tag.wire(), &mut written);
            put(random, u32::try_from(value.len()).unwrap(), &mut written);
            written.extend_from_slice(&value);
        }
    }
    written
}

/// The same message with one field spoilt, mostly one deep inside. The lengths around it are right, so that its reader
/// comes to it.
pub(crate) fn spoil(random: &mut Random, message: &[u8], alphabet: &[u8]) -> Vec<u8> {
    let fields = split(message).filter(|fields| !fields.is_empty());
    let Some(fields) = fields else {
        let mut damaged = message.to_vec();
        random.damage(&mut damaged, alphabet);
        return damaged;
    };
    let weight = |value: &[u8]| value.len() + 2;
    let mut place = random.below(fields.iter().map(|(_, value)| weight(value)).sum());
    let mut written = Vec::new();
    for (tag, value) in fields {
        let here = place < weight(value);
        place = if here { usize::MAX } else { place.saturating_sub(weight(value)) };
        let inner = tag.is_delimited() && split(value).is_some_and(|fields| !fields.is_empty());
        match random.below(if inner { 64 } else { 8 }) {
            _ if !here => write(tag.number(), tag.wire(), value, &mut written),
            0 => {}
            1 => (0..2).for_each(|_| write(tag.number(), tag.wire(), value, &mut written)),
            2 => write(1 + u32::try_from(random.below(16)).unwrap(), tag.wire(), value, &mut written),
            3 => write(tag.number(), random.pick(&[0, 1, 2, 3, 5]), value, &mut written),
            _ => write(tag.number(), tag.wire(), &spoil(random, value, alphabet), &mut written),
        }
    }
    written
}

/// Writes a field as generated encoders do.
fn write(number: u32, wire: u32, value: &[u8], into: &mut Vec<u8>) {
    put_varint(u64::from(number << 3 | wire), into);
    if wire == 2 {
        put_varint(u64::try_from(value.len()).unwrap(), into);
    }
    into.extend_from_slice(value);
}

fn split(message: &[u8]) -> Option<Vec<Field<'_>>> {
    let (mut reader, mut fields) = (Reader::new(message), Vec::new());
    while let Some(tag) = reader.tag().ok()? {
        let here = reader.rest();
        let value = if tag.is_delimited() {
            reader.bytes(tag).ok()?
        } else {
            reader.skip(tag).ok()?;
            reader.since(here)
        };
        fields.push((tag, value));
    }
    Some(fields)
}

/// Writes the numbers of a list one by one.
fn take_apart(random: &mut Random, tag: Tag, list: &[u8], into: &mut Vec<u8>) {
    let mut reader = Reader::new(list);
    while !reader.is_empty() {
        let here = reader.rest();
        if reader.varint().is_err() {
            return;
        }
        put(random, tag.number() << 3, into);
        into.extend_from_slice(reader.since(here));
    }
}

/// Writes a varint, sometimes with more bytes than it needs.
fn put(random: &mut Random, mut value: u32, into: &mut Vec<u8>) {
    let longer = if random.below(16) == 0 { 1 + random.below(3) } else { 0 };
    while value >= 0x80 {
        into.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    into.push(value.to_le_bytes()[0] | if longer > 0 { 0x80 } else { 0 });
    into.extend((1..=longer).map(|index| if index < longer { 0x80 } else { 0 }));
}
