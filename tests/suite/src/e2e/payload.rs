//! Remote-write requests, written by hand so that no encoder is trusted.

/// A request of one series of this name with one sample of now: compressed, as it is pushed.
pub(crate) fn one_sample(name: &str) -> Vec<u8> {
    let label = [field(1, b"__name__"), field(2, name.as_bytes())].concat();
    let sample = [&b"\x09"[..], &1.0_f64.to_le_bytes(), b"\x10\x01"].concat();
    let series = [field(1, &label), field(2, &sample)].concat();
    snap::raw::Encoder::new().compress_vec(&field(1, &series)).unwrap()
}

/// A length-delimited field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()][..], content].concat()
}
