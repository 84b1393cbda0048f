//! Inputs for tests that try many: random ones that repeat, and every way to damage one.

/// A generator: splitmix64.
pub(crate) struct Random(u64);

impl Random {
    /// The generator of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A character: often plain, sometimes one that matters to parsers, sometimes any.
    pub(crate) fn character(&mut self) -> char {
        match self.below(4) {
            0 => self.pick(&['"', '\\', '\n', '\'', '`', '{', '}', ',', '=', '#', '\u{0}', '\u{7f}', '\u{fffd}']),
            1 => char::from_u32(u32::try_from(self.below(0x11_0000)).unwrap()).unwrap_or('é'),
            _ => char::from(b'a' + u8::try_from(self.below(26)).unwrap()),
        }
    }

    /// Changes, removes or inserts one byte; the new one often from `alphabet`.
    pub(crate) fn damage(&mut self, bytes: &mut Vec<u8>, alphabet: &[u8]) {
        let byte = if self.below(4) > 0 { self.pick(alphabet) } else { u8::try_from(self.below(256)).unwrap() };
        let at = self.below(bytes.len() + 1);
        match self.below(3) {
            0 if at < bytes.len() => bytes[at] = byte,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.insert(at, byte),
        }
    }
}

/// The malformed corpus: a whole input cut off at every place, and with every byte removed, replaced by each of an
/// alphabet, and put behind each of it.
pub(crate) fn malformed<'m>(whole: &'m [u8], alphabet: &'m [u8]) -> impl Iterator<Item = Vec<u8>> + 'm {
    let cut = (0..whole.len()).map(|end| whole[..end].to_vec());
    let removed = (0..whole.len()).map(|at| [&whole[..at], &whole[at + 1..]].concat());
    let changed = (0..whole.len()).flat_map(move |at| {
        let replaced = alphabet.iter().map(move |byte| [&whole[..at], &[*byte], &whole[at + 1..]].concat());
        replaced.chain(alphabet.iter().map(move |byte| [&whole[..at], &[*byte], &whole[at..]].concat()))
    });
    cut.chain(removed).chain(changed)
}
