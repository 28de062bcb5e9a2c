//! Whom a session belongs to.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The name of a person or service as the authentication gave it: a user name, or later
/// `issuer` and `sub` of a provider. Compared byte for byte.
///
/// Names of up to [`Subject::INLINE`] bytes are kept in place, so that copying a session touches
/// no other memory.
#[derive(Clone)]
pub struct Subject(Repr);

#[derive(Clone)]
enum Repr {
    Inline { length: u8, bytes: [u8; Subject::INLINE] },
    Shared(Arc<str>),
}

/// The text cannot be the name of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// It is empty.
    #[error("a subject needs a name")]
    Empty,
    /// It is longer than [`Subject::MAX`] bytes.
    #[error("the name of a subject is at most {} bytes long", Subject::MAX)]
    TooLong,
    /// It has a character that cannot travel in a header (a control character).
    #[error("the name of a subject has no control characters")]
    ControlCharacter,
}

impl Subject {
    /// Names up to this many bytes need no memory of their own.
    pub const INLINE: usize = 30;
    /// The longest name, in bytes (OpenID Connect Core, section 2, limits `sub` to 255).
    pub const MAX: usize = 255;

    /// The subject with this name.
    ///
    /// # Errors
    /// The name is empty, longer than [`Subject::MAX`] bytes, or has control characters.
    pub fn new(name: &str) -> Result<Self, SubjectError> {
        if name.is_empty() {
            return Err(SubjectError::Empty);
        }
        if name.len() > Self::MAX {
            return Err(SubjectError::TooLong);
        }
        if name.chars().any(char::is_control) {
            return Err(SubjectError::ControlCharacter);
        }
        let mut bytes = [0; Self::INLINE];
        Ok(Self(match bytes.get_mut(..name.len()) {
            Some(place) => {
                place.copy_from_slice(name.as_bytes());
                Repr::Inline { length: name.len() as u8, bytes }
            }
            None => Repr::Shared(name.into()),
        }))
    }

    /// The bytes of a name that is kept in place, and how many of them count.
    pub(crate) const fn inline(&self) -> Option<(u8, &[u8; Self::INLINE])> {
        match &self.0 {
            Repr::Inline { length, bytes } => Some((*length, bytes)),
            Repr::Shared(_) => None,
        }
    }

    /// The subject that [`Subject::inline`] gave: a table of sessions makes one for every request,
    /// without checking the name again.
    pub(crate) const fn from_inline(length: u8, bytes: [u8; Self::INLINE]) -> Self {
        let length = if length as usize > Self::INLINE { Self::INLINE as u8 } else { length };
        Self(Repr::Inline { length, bytes })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Only `new` fills it, from a whole `str`.
            Repr::Inline { length, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default()
            }
            Repr::Shared(name) => name,
        }
    }
}

impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Subject {}

impl Hash for Subject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for Subject {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl serde::Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_names_are_the_same_to_their_reader() {
        for name in ["a", &"b".repeat(30), &"c".repeat(31), "Zoë", &"d".repeat(255)] {
            assert_eq!(Subject::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_that_cannot_travel_in_a_header_is_refused() {
        assert_eq!(Subject::new(""), Err(SubjectError::Empty));
        assert_eq!(Subject::new("a\r\nb"), Err(SubjectError::ControlCharacter));
        assert_eq!(Subject::new(&"e".repeat(256)), Err(SubjectError::TooLong));
    }
}
