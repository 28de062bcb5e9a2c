//! Support codes: a session's name, short enough to read out on the telephone.

use std::fmt;
use std::str::FromStr;

use crate::core::SessionId;

/// The first 50 bits of a session's id, as `ABCDE-FGHJK` in Crockford's base 32.
///
/// Like the id it opens nothing. Two sessions may share one, which at ten million sessions happens
/// to about one session in a hundred million.
///
/// ```
/// # use tenure::{core::SessionId, service::SupportCode};
/// let code = SupportCode::of(SessionId::from_bytes([0xa5; 16]));
/// assert_eq!(code.to_string(), "MPJTB-9D5MP");
/// assert_eq!("mpjtb 9d5mp".parse(), Ok(code)); // as people type it
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SupportCode(u64);

/// The text is not a support code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a support code: expected ten letters or digits, such as MPJTB-9D5MP")]
pub struct ParseSupportCodeError;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: u32 = 10;
const BITS: u32 = CHARACTERS * 5;

impl SupportCode {
    /// The code of a session.
    pub const fn of(id: SessionId) -> Self {
        Self((u128::from_be_bytes(*id.as_bytes()) >> (128 - BITS)) as u64)
    }

    /// The id before the first one with this code, to begin a look through ids in order.
    pub(super) const fn before_first(self) -> Option<SessionId> {
        match ((self.0 as u128) << (128 - BITS)).checked_sub(1) {
            Some(before) => Some(SessionId::from_bytes(before.to_be_bytes())),
            None => None,
        }
    }
}

impl fmt::Display for SupportCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for place in 0..CHARACTERS {
            if place == CHARACTERS / 2 {
                f.write_char('-')?;
            }
            let digit = self.0 >> (BITS - 5 * (place + 1)) & 31;
            f.write_char(char::from(ALPHABET[digit as usize]))?;
        }
        Ok(())
    }
}

impl FromStr for SupportCode {
    type Err = ParseSupportCodeError;

    /// Reads a code in either case, with or without spaces and hyphens; the letters that look like
    /// digits (I, L, O) are read as those.
    fn from_str(text: &str) -> Result<Self, ParseSupportCodeError> {
        let (mut value, mut count) = (0_u64, 0);
        for character in text.bytes().filter(|character| !matches!(character, b' ' | b'-')) {
            let character = match character.to_ascii_uppercase() {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                other => other,
            };
            let digit = ALPHABET.iter().position(|&other| other == character).ok_or(ParseSupportCodeError)?;
            if count == CHARACTERS {
                return Err(ParseSupportCodeError);
            }
            value = value << 5 | digit as u64;
            count += 1;
        }
        if count == CHARACTERS { Ok(Self(value)) } else { Err(ParseSupportCodeError) }
    }
}

impl serde::Serialize for SupportCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_however_people_type_it() {
        let code = SupportCode::of(SessionId::from_bytes([0x08; 16]));
        let text = code.to_string();
        assert_eq!(text.len(), 11);
        for typed in [text.clone(), text.to_lowercase(), text.replace('-', " "), text.replace('1', "l")] {
            assert_eq!(typed.parse(), Ok(code), "{typed}");
        }
        for wrong in ["", "ABCDE-FGHJ", "ABCDE-FGHJKM", "ABCDE-FGHJU", "ABCDE-FGHJé"] {
            assert_eq!(wrong.parse::<SupportCode>(), Err(ParseSupportCodeError), "{wrong}");
        }
    }

    #[test]
    fn the_look_begins_right_before_the_first_id_of_a_code() {
        let code = SupportCode::of(SessionId::from_bytes([0xa5; 16]));
        let before = u128::from_be_bytes(*code.before_first().unwrap().as_bytes());
        let first = SessionId::from_bytes((before + 1).to_be_bytes());
        assert_eq!(SupportCode::of(first), code);
        assert_ne!(SupportCode::of(SessionId::from_bytes(before.to_be_bytes())), code);
        assert_eq!(SupportCode::of(SessionId::from_bytes([0; 16])).before_first(), None);
    }
}
