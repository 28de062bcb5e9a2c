//! Form tokens: what protects the gateway's own forms against requests from other sites (CSRF).
//!
//! A token is a keyed hash over what the form is for and whom it was given to: for a visitor, a
//! random value that also travels in a cookie (signed double submit); for somebody signed in, the
//! public id of their session. It names its key and carries no secret, it does not expire (a page
//! may stay open for as long as it likes), and it never appears in a URL.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use tenure::core::SessionId;
use tenure::keys::KeyRing;

/// Whom a form was given to.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    /// A visitor, known by the value of the form cookie.
    Visitor(&'a str),
    /// Somebody with a session, locked or not.
    Session(SessionId),
}

const PURPOSE: &str = "tenure 2026-11 form tokens";

/// The token of a form for its holder.
pub fn issue(keys: &KeyRing, form: &'static str, holder: Holder<'_>) -> String {
    let Some((id, hash)) = keys.authenticate(None, PURPOSE, &message(form, holder)) else {
        // The current key is always there.
        return String::new();
    };
    let mut bytes = Vec::with_capacity(34);
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(&hash);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether a token belongs to this form and this holder.
pub fn is_genuine(keys: &KeyRing, form: &'static str, holder: Holder<'_>, token: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
    let Some((id, claimed)) = bytes.split_first_chunk::<2>() else { return false };
    keys.authenticate(Some(u16::from_be_bytes(*id)), PURPOSE, &message(form, holder))
        .is_some_and(|(_, hash)| bool::from(hash.as_slice().ct_eq(claimed)))
}

/// A random value for the form cookie of a visitor.
///
/// # Errors
/// The operating system gives no random bits.
pub fn nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether a text is one that [`nonce`] may have made.
pub fn is_nonce(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 18)
}

fn message(form: &str, holder: Holder<'_>) -> Vec<u8> {
    let mut message = form.as_bytes().to_vec();
    match holder {
        Holder::Visitor(nonce) => {
            message.extend_from_slice(b"\0visitor\0");
            message.extend_from_slice(nonce.as_bytes());
        }
        Holder::Session(id) => {
            message.extend_from_slice(b"\0session\0");
            message.extend_from_slice(id.as_bytes());
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure::core::Timestamp;

    #[test]
    fn a_token_is_good_for_its_own_form_and_holder_only() {
        let mut keys = KeyRing::generate(Timestamp::EPOCH).unwrap();
        let holder = Holder::Visitor("nonce");
        let token = issue(&keys, "sign-in", holder);
        keys.rotate(Timestamp::EPOCH).unwrap();
        assert!(is_genuine(&keys, "sign-in", holder, &token));
        assert!(!is_genuine(&keys, "sign-out", holder, &token));
        assert!(!is_genuine(&keys, "sign-in", Holder::Visitor("other"), &token));
        assert!(!is_genuine(&keys, "sign-in", Holder::Session(SessionId::from_bytes([0; 16])), &token));
    }

    #[test]
    fn texts_of_any_kind_are_refused() {
        let keys = KeyRing::generate(Timestamp::EPOCH).unwrap();
        for token in ["", "A", "AAAA", "é", &"A".repeat(46), &"A".repeat(100_000)] {
            assert!(!is_genuine(&keys, "sign-in", Holder::Visitor("nonce"), token));
        }
    }
}
