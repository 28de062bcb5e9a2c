//! The name of a kept request.

use std::fmt;
use std::str::FromStr;

/// 128 random bits, written `kept_` and 32 hexadecimal digits. It may appear in addresses and logs: whoever knows it
/// still has to be the person whom the request belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptId([u8; 16]);

/// The text is not the name of a kept request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kept request: expected `kept_` and 32 hexadecimal digits")]
pub struct ParseKeptIdError;

const PREFIX: &str = "kept_";

impl KeptId {
    /// A new one.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KeptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeptId {
    type Err = ParseKeptIdError;

    fn from_str(text: &str) -> Result<Self, ParseKeptIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(ParseKeptIdError)?.as_bytes();
        let lower = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 32 || !digits.iter().all(lower) {
            return Err(ParseKeptIdError);
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| ParseKeptIdError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| ParseKeptIdError)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_exactly_one_spelling() {
        let id = KeptId([0xa5; 16]);
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        let odd = ["kept_é".into(), text.to_uppercase(), format!("{text}0"), text.replace("kept_", "")];
        for other in odd.into_iter().chain([text.replace("a5a5", "+5+5"), "../kept".into(), String::new()]) {
            assert_eq!(other.parse::<KeptId>(), Err(ParseKeptIdError), "{other}");
        }
    }
}
