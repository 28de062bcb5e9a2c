//! Session tokens: what travels in the cookie.
//!
//! A token is `tnr1_` and 56 base64url characters: the id of the key that made it (2 bytes), 256
//! random bits (32 bytes) and a tag (8 bytes). One keyed BLAKE3
//! hash over key id and random bits gives both the tag, by which a forged token is refused
//! without any look-up, and the [`TokenHash`] under which the store knows the session. The tag says
//! nothing about the hash, so neither a log of tags nor a copy of the store makes a token.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

/// The secret in the cookie. `Debug` does not show it.
#[derive(Clone)]
pub struct Token {
    key_id: u16,
    secret: [u8; SECRET],
    tag: [u8; TAG],
}

/// What the store knows a token by: 192 bits of a keyed hash. It cannot be turned back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 24]);

/// A key that makes and checks tokens, taken from the key ring.
#[derive(Clone)]
pub struct TokenKey {
    id: u16,
    key: [u8; 32],
}

/// Why a text is not a token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not have the form of a token.
    #[error("the text does not have the form of a session token")]
    Malformed,
    /// It has the form, but was not made with a key of ours.
    #[error("the token was not made by this service")]
    Forged,
}

const PREFIX: &str = "tnr1_";
const SECRET: usize = 32;
const TAG: usize = 8;
const BODY: usize = 2 + SECRET + TAG;
/// The length of a token as text.
pub const TOKEN_LENGTH: usize = PREFIX.len() + BODY * 4 / 3;

impl TokenKey {
    /// The key with this id.
    pub const fn new(id: u16, key: [u8; 32]) -> Self {
        Self { id, key }
    }

    /// The id that its tokens carry.
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// The token with these random bits, which must come from the operating system, and its hash.
    pub fn issue(&self, secret: [u8; 32]) -> (Token, TokenHash) {
        let (tag, hash) = self.derive(&secret);
        (Token { key_id: self.id, secret, tag }, hash)
    }

    /// Checks a token that names this key.
    ///
    /// # Errors
    /// [`TokenError::Forged`] if the tag is not the one that this key gives.
    pub fn check(&self, token: &Token) -> Result<TokenHash, TokenError> {
        let (tag, hash) = self.derive(&token.secret);
        if bool::from(tag.ct_eq(&token.tag)) && token.key_id == self.id {
            Ok(hash)
        } else {
            Err(TokenError::Forged)
        }
    }

    fn derive(&self, secret: &[u8; SECRET]) -> ([u8; TAG], TokenHash) {
        let mut input = [0; 2 + SECRET];
        input[..2].copy_from_slice(&self.id.to_be_bytes());
        input[2..].copy_from_slice(secret);
        let digest = blake3::keyed_hash(&self.key, &input);
        let (mut tag, mut hash) = ([0; TAG], [0; 24]);
        tag.copy_from_slice(&digest.as_bytes()[..TAG]);
        hash.copy_from_slice(&digest.as_bytes()[TAG..]);
        input.zeroize();
        (tag, TokenHash(hash))
    }
}

impl Token {
    /// Reads a token. It is not checked yet: [`TokenKey::check`] does that.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] for anything else than the one spelling of a token.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() != TOKEN_LENGTH {
            return Err(TokenError::Malformed);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(TokenError::Malformed)?;
        let mut body = [0; BODY];
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut body).map_err(|_| TokenError::Malformed)?;
        if length != BODY {
            return Err(TokenError::Malformed);
        }
        let (mut secret, mut tag) = ([0; SECRET], [0; TAG]);
        secret.copy_from_slice(&body[2..2 + SECRET]);
        tag.copy_from_slice(&body[2 + SECRET..]);
        Ok(Self { key_id: u16::from_be_bytes([body[0], body[1]]), secret, tag })
    }

    /// The id of the key that the token claims to be made with.
    pub const fn key_id(&self) -> u16 {
        self.key_id
    }

    /// The text for the cookie. This is the secret itself: it belongs into `Set-Cookie` and
    /// nowhere else.
    pub fn expose(&self) -> String {
        let mut body = [0; BODY];
        body[..2].copy_from_slice(&self.key_id.to_be_bytes());
        body[2..2 + SECRET].copy_from_slice(&self.secret);
        body[2 + SECRET..].copy_from_slice(&self.tag);
        let mut text = String::with_capacity(TOKEN_LENGTH);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(body, &mut text);
        text
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Drop for TokenKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: TokenKey = TokenKey::new(3, [9; 32]);

    #[test]
    fn a_token_is_read_back_and_leads_to_its_hash() {
        let (token, hash) = KEY.issue([5; 32]);
        let text = token.expose();
        assert_eq!(text.len(), TOKEN_LENGTH);
        assert_eq!(KEY.check(&Token::parse(&text).unwrap()), Ok(hash));
    }

    #[test]
    fn any_changed_character_is_refused() {
        let text = KEY.issue([5; 32]).0.expose();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Token::parse(&changed).and_then(|token| KEY.check(&token)).is_err(), "place {place}");
        }
    }

    #[test]
    fn a_token_of_another_key_is_forged() {
        let other = TokenKey::new(3, [8; 32]);
        assert_eq!(KEY.check(&other.issue([5; 32]).0), Err(TokenError::Forged));
    }

    #[test]
    fn texts_of_any_kind_are_malformed_and_never_a_panic() {
        let odd = "é".repeat(30) + "x";
        for text in ["", "tnr1_", "tnr2_AAAA", &"A".repeat(TOKEN_LENGTH), &"=".repeat(TOKEN_LENGTH), &odd] {
            assert!(matches!(Token::parse(text), Err(TokenError::Malformed)), "{text}");
        }
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let (token, hash) = KEY.issue([0x41; 32]);
        let shown = format!("{token:?} {hash:?} {KEY:?}");
        assert!(
            !shown.contains("65") && !shown.contains("41") && !shown.contains(&token.expose()),
            "{shown}"
        );
    }
}
