//! Requests as senders write them, by hand, so that no encoder is trusted.

use flate2::{Compression, write};
use std::io::Write;

/// The moment at which test doubles live, in seconds.
pub(crate) const NOW: i64 = 1_699_565_000;

/// The same in milliseconds.
pub(crate) const NOW_MILLIS: i64 = NOW * 1_000;

/// A varint.
pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// A length-delimited protobuf field.
pub(crate) fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(content.len() as u64), content].concat()
}

/// The content of a sample with this time.
pub(crate) fn sample(millis: i64) -> Vec<u8> {
    [&b"\x09"[..], &1.0_f64.to_le_bytes(), b"\x10", &varint(millis.cast_unsigned())].concat()
}

/// The content of a native histogram of one observation at this time, in as many buckets as there are deltas.
pub(crate) fn histogram(millis: i64, deltas: &[u8]) -> Vec<u8> {
    let span = [&b"\x08\x00\x10"[..], &varint(deltas.len() as u64)].concat();
    let zigzag: Vec<_> = deltas.iter().map(|delta| delta << 1).collect();
    [b"\x08\x01".to_vec(), field(11, &span), field(12, &zigzag), b"\x78".to_vec(), varint(millis.cast_unsigned())]
        .concat()
}

/// The content of an exemplar with this time, but for its labels.
pub(crate) fn exemplar(millis: i64) -> Vec<u8> {
    [&b"\x11"[..], &1.0_f64.to_le_bytes(), b"\x18", &varint(millis.cast_unsigned())].concat()
}

/// The field of a series of remote write 1.0 that holds a label, whose value may be no text.
pub(crate) fn label(name: &str, value: &[u8]) -> Vec<u8> {
    field(1, &[field(1, name.as_bytes()), field(2, value)].concat())
}

/// A series of remote write 1.0 with one sample at each of these times.
pub(crate) fn series(labels: &[(&str, &str)], times: &[i64]) -> Vec<u8> {
    let labels = labels.iter().map(|(name, value)| label(name, value.as_bytes()));
    let parts = labels.chain(times.iter().map(|millis| field(2, &sample(*millis))));
    field(1, &parts.collect::<Vec<_>>().concat())
}

/// A request of remote write 2.0 with these symbols and one series that refers to them.
pub(crate) fn version_2(symbols: &[&str], references: &[u8], times: &[i64]) -> Vec<u8> {
    let symbols = symbols.iter().flat_map(|symbol| field(4, symbol.as_bytes()));
    let samples = times.iter().flat_map(|millis| field(2, &sample(*millis)));
    let series = field(5, &field(1, references).into_iter().chain(samples).collect::<Vec<_>>());
    symbols.chain(series).collect()
}

/// A stream of Loki's push with one entry of now for each line.
pub(crate) fn stream(labels: &str, lines: &[&str]) -> Vec<u8> {
    let time = [&b"\x08"[..], &varint(NOW.cast_unsigned())].concat();
    let entries = lines.iter().flat_map(|line| field(2, &[field(1, &time), field(2, line.as_bytes())].concat()));
    field(1, &[field(1, labels.as_bytes()), entries.collect()].concat())
}

/// A snappy block of these bytes.
pub(crate) fn snappy(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

/// What a snappy block holds.
pub(crate) fn unsnappy(block: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(block).unwrap()
}

/// These bytes in gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// These bytes in deflate, bare.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// These bytes in deflate, in zlib's envelope.
pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
