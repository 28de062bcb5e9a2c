//! `application/x-www-form-urlencoded` (URL Standard, section 5.1), piece by piece.

use super::{Found, remember};

#[derive(Debug)]
pub(super) struct Pairs {
    pair: Vec<u8>,
    whole: bool,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { pair: Vec::new(), whole: true }
    }
}

impl Pairs {
    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut Found) {
        let mut pieces = bytes.split(|&byte| byte == b'&');
        if let Some(first) = pieces.next() {
            self.whole &= remember(&mut self.pair, first);
        }
        for piece in pieces {
            self.finish(found);
            self.whole = remember(&mut self.pair, piece);
        }
    }

    pub(super) fn finish(&mut self, found: &mut Found) {
        let pair = std::mem::take(&mut self.pair);
        let whole = std::mem::replace(&mut self.whole, true);
        if let Some((name, value)) = form_urlencoded::parse(&pair).next() {
            found.text(name.into_owned(), &value, whole);
        }
    }
}
