//! What the application is told about the person: identity headers and a signed assertion.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use http::{HeaderName, HeaderValue};
use serde_json::json;
use tenure::core::{Session, SessionId, Timestamp};
use tenure::keys::KeyRing;

use crate::per_thread::PerThread;

/// Whose session it is. Names that are not ASCII are sent as UTF-8.
pub const SUBJECT: HeaderName = HeaderName::from_static("tenure-subject");
/// The public id of the session.
pub const SESSION: HeaderName = HeaderName::from_static("tenure-session");
/// When the person last authenticated (RFC 3339).
pub const AUTH_TIME: HeaderName = HeaderName::from_static("tenure-auth-time");
/// How strongly: `aal1`, `aal2` or `aal3`.
pub const ASSURANCE: HeaderName = HeaderName::from_static("tenure-assurance");
/// The same, signed: a JWT (RFC 7519) for applications that do not want to trust the network.
pub const ASSERTION: HeaderName = HeaderName::from_static("tenure-assertion");

/// The identity headers of one request.
pub type Headers = [(HeaderName, HeaderValue); 5];

const PURPOSE: &str = "tenure 2026-11 assertion keys";

/// How long an assertion is good for.
const LIFETIME: Duration = Duration::from_secs(60);
/// How long what was written for a session is handed out again before a new assertion is signed: signing costs as much as
/// everything else about a request together. What the headers say of a session does not change without a new sign-in or
/// step-up.
const REUSE: Duration = Duration::from_secs(30);
/// For how many sessions each worker remembers what it wrote.
const REMEMBERED: usize = 16_384;

/// Writes the identity headers of a request.
#[derive(Debug)]
pub struct Identity {
    issuer: String,
    recent: PerThread<Mutex<HashMap<SessionId, Recent>>>,
}

#[derive(Debug)]
struct Recent {
    audience: Box<str>,
    auth_time: Timestamp,
    key_id: u16,
    made_at: Timestamp,
    headers: Headers,
}

impl Identity {
    /// Assertions will name this issuer: the public address of the gateway.
    pub fn new(issuer: String) -> Self {
        Self { issuer, recent: PerThread::default() }
    }

    /// All identity headers of a session.
    pub fn of(&self, session: &Session, audience: &str, keys: &KeyRing, now: Timestamp) -> Headers {
        let key_id = keys.current_id();
        let mut recent = self.recent.here().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = recent.get(&session.id)
            && known.key_id == key_id
            && known.auth_time == session.authenticated_at
            && *known.audience == *audience
            && now < known.made_at + REUSE
        {
            return known.headers.clone();
        }
        let headers = self.written(session, audience, keys, now);
        if recent.len() >= REMEMBERED {
            recent.retain(|_, known| now < known.made_at + REUSE);
        }
        if recent.len() < REMEMBERED {
            let auth_time = session.authenticated_at;
            let known = Recent {
                audience: audience.into(),
                auth_time,
                key_id,
                made_at: now,
                headers: headers.clone(),
            };
            recent.insert(session.id, known);
        }
        headers
    }

    /// All identity headers of nobody: empty, for some front proxies let a client's own header through
    /// where the answer has none.
    pub fn of_nobody() -> Headers {
        [SUBJECT, SESSION, AUTH_TIME, ASSURANCE, ASSERTION].map(|name| (name, HeaderValue::from_static("")))
    }

    fn written(&self, session: &Session, audience: &str, keys: &KeyRing, now: Timestamp) -> Headers {
        let subject = HeaderValue::from_bytes(session.subject.as_str().as_bytes());
        let assertion = match keys.authenticate(None, PURPOSE, b"ed25519") {
            Some((key_id, seed)) => ascii(self.sign(session, audience, key_id, &seed, now)),
            None => HeaderValue::from_static(""),
        };
        [
            (SUBJECT, subject.unwrap_or(HeaderValue::from_static(""))),
            (SESSION, ascii(session.id.to_string())),
            (AUTH_TIME, ascii(session.authenticated_at.to_string())),
            (ASSURANCE, HeaderValue::from_static(session.assurance.name())),
            (ASSERTION, assertion),
        ]
    }

    /// A JWS in compact form (RFC 7515) with `EdDSA` (RFC 8037).
    fn sign(
        &self,
        session: &Session,
        audience: &str,
        key_id: u16,
        seed: &[u8; 32],
        now: Timestamp,
    ) -> String {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": key_id.to_string() });
        let issued_at = now.as_millis() / 1000;
        let claims = json!({
            "iss": self.issuer,
            "aud": audience,
            "sub": session.subject.as_str(),
            "sid": session.id.to_string(),
            "acr": session.assurance.name(),
            "auth_time": session.authenticated_at.as_millis() / 1000,
            "iat": issued_at,
            "exp": issued_at + LIFETIME.as_secs(),
        });
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature = SigningKey::from_bytes(seed).sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut token);
        token
    }
}

/// The public keys of assertions as a JWK set (RFC 7517), for `/.tenure/jwks.json`.
pub fn key_set(keys: &KeyRing) -> serde_json::Value {
    let keys: Vec<_> = keys
        .list()
        .iter()
        .filter_map(|key| keys.authenticate(Some(key.id), PURPOSE, b"ed25519"))
        .map(|(id, seed)| {
            let public = SigningKey::from_bytes(&seed).verifying_key();
            json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": id.to_string(), "x": URL_SAFE_NO_PAD.encode(public.as_bytes()),
            })
        })
        .collect();
    json!({ "keys": keys })
}

/// Texts that were just written by us from ASCII.
fn ascii(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
    use tenure::core::{Assurance, Audience, State, Subject, Version};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn session() -> Session {
        Session {
            id: SessionId::from_bytes([1; 16]),
            subject: Subject::new("Zoë").unwrap(),
            audience: Audience(0),
            state: State::Active,
            assurance: Assurance::Aal1,
            remembered: false,
            signed_in_at: NOW,
            authenticated_at: NOW,
            last_activity_at: NOW,
            rotated_at: NOW,
            version: Version::FIRST,
        }
    }

    fn verified_claims(assertion: &str, keys: &KeyRing) -> serde_json::Value {
        let set = key_set(keys);
        let mut parts = assertion.split('.');
        let (header, claims, signature) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let kid = serde_json::from_slice::<serde_json::Value>(&decode(header)).unwrap()["kid"].clone();
        let key = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap();
        let public: [u8; 32] = decode(key["x"].as_str().unwrap()).try_into().unwrap();
        let signature = Signature::from_slice(&decode(signature)).unwrap();
        VerifyingKey::from_bytes(&public)
            .unwrap()
            .verify(format!("{header}.{claims}").as_bytes(), &signature)
            .unwrap();
        serde_json::from_slice(&decode(claims)).unwrap()
    }

    #[test]
    fn an_assertion_verifies_with_the_published_key_before_and_after_a_rotation() {
        let mut keys = KeyRing::generate(NOW).unwrap();
        let identity = Identity::new("https://a.example".into());
        let assertion = |headers: &Headers| headers[4].1.to_str().unwrap().to_owned();
        let old = assertion(&identity.of(&session(), "a.example", &keys, NOW));
        keys.rotate(NOW).unwrap();
        let headers = identity.of(&session(), "a.example", &keys, NOW);
        let new = assertion(&headers);
        assert_ne!(old, new);
        for assertion in [old, new] {
            let claims = verified_claims(&assertion, &keys);
            assert_eq!(claims["sub"], "Zoë");
            assert_eq!(claims["aud"], "a.example");
            assert_eq!(claims["exp"], 1_800_000_060);
        }
        assert_eq!(headers[0], (SUBJECT, HeaderValue::from_bytes("Zoë".as_bytes()).unwrap()));
    }

    #[test]
    fn an_assertion_is_used_again_for_a_while_but_never_for_another_audience_or_authentication() {
        let keys = KeyRing::generate(NOW).unwrap();
        let identity = Identity::new("https://a.example".into());
        let first = identity.of(&session(), "a.example", &keys, NOW);
        assert_eq!(identity.of(&session(), "a.example", &keys, NOW + Duration::from_secs(29)), first);
        assert_ne!(identity.of(&session(), "a.example", &keys, NOW + REUSE), first);
        assert_ne!(identity.of(&session(), "b.example", &keys, NOW), first);
        let mut stepped_up = session();
        stepped_up.authenticated_at = NOW + Duration::from_secs(1);
        let headers = identity.of(&stepped_up, "a.example", &keys, NOW);
        assert_ne!(headers[2], first[2]);
        assert_ne!(headers[4], first[4]);
    }

    #[test]
    fn nobody_gets_every_header_empty() {
        assert!(Identity::of_nobody().iter().all(|(_, value)| value.is_empty()));
    }
}
