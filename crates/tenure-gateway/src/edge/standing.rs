//! How a request stands: which session its cookies mean, and what the judgement of it is.

use http::HeaderMap;
use tenure::core::{
    Audience, EndReason, LockReason, MissingReason, Reason, Request, Session, Timestamp, Token,
};
use tenure::service::{Outcome, Sessions};
use tenure::store::{Store, Unavailable};

use crate::web::cookies::{self, CookieNames};

/// How a request stands, with the token that decided it.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    /// The judgement.
    pub(super) outcome: Outcome,
    /// The text of the token that was judged, if there was one to judge. It is the secret itself.
    token: Option<Secret<'a>>,
}

/// Keeps the token out of `Debug`.
struct Secret<'a>(&'a str);

impl std::fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl<'a> Standing<'a> {
    /// Judges the cookies of a request.
    ///
    /// Of several different cookies the one that is genuine counts; browsers send what a script or a
    /// neighbour planted, and that must not sign anybody out. Two genuine ones are ambiguous.
    ///
    /// # Errors
    /// The store does not answer: nothing is known about the session.
    pub(super) async fn of<S: Store>(
        sessions: &Sessions<S>,
        headers: &'a HeaderMap,
        names: &CookieNames,
        audience: Audience,
        request: &Request<'_>,
    ) -> Result<Self, Unavailable> {
        let tokens = cookies::values(headers, names.session);
        let token = match tokens.as_slice() {
            [] => {
                let marked = !cookies::values(headers, names.mark).is_empty();
                let reason = if marked { MissingReason::CookieCleared } else { MissingReason::None };
                return Ok(Self { outcome: Outcome::Missing(reason), token: None });
            }
            [one] => one,
            several => {
                let mut genuine = several.iter().filter(|token| is_genuine(sessions, token));
                match (genuine.next(), genuine.next()) {
                    (Some(one), None) => one,
                    (Some(_), Some(_)) => {
                        return Ok(Self {
                            outcome: Outcome::Missing(MissingReason::CookieAmbiguous),
                            token: None,
                        });
                    }
                    (None, _) => several[0],
                }
            }
        };
        let outcome = sessions.judge(token, audience, request).await?;
        Ok(Self { outcome, token: Some(Secret(token)) })
    }

    /// The same token, judged anew.
    pub(super) fn with(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// The store does not answer, and it does not matter.
    pub(super) const fn unknown() -> Self {
        Self { outcome: Outcome::Missing(MissingReason::None), token: None }
    }

    /// The token that was judged. It must go nowhere but back to [`Sessions`].
    pub(super) fn token(&self) -> Option<&'a str> {
        self.token.as_ref().map(|secret| secret.0)
    }

    /// The session, whatever its state.
    pub(super) const fn session(&self) -> Option<&Session> {
        self.outcome.session()
    }

    /// The session if requests pass.
    pub(super) fn active(&self) -> Option<&Session> {
        match &self.outcome {
            Outcome::Pass { session, .. } | Outcome::StepUp { session, .. } => Some(session),
            _ => None,
        }
    }

    /// Why the request does not pass, and since when. `None` if it does.
    pub(super) fn refusal(&self) -> Option<(Reason, Option<Timestamp>)> {
        match &self.outcome {
            Outcome::Pass { .. } => None,
            Outcome::StepUp { .. } => Some((Reason::Locked(LockReason::StepUp), None)),
            Outcome::Locked { reason, since, .. } => Some((Reason::Locked(*reason), Some(*since))),
            Outcome::Ended { reason, at, .. } => Some((Reason::Ended(*reason), Some(*at))),
            Outcome::Missing(reason) => Some((Reason::Missing(*reason), None)),
        }
    }

    /// The page on which a person goes on from here, below the base path.
    pub(super) fn way_on(&self) -> &'static str {
        match &self.outcome {
            Outcome::Pass { .. } | Outcome::StepUp { .. } => "step-up",
            Outcome::Locked { .. } => "unlock",
            Outcome::Ended { reason: EndReason::SignedOut, .. }
            | Outcome::Missing(
                MissingReason::None | MissingReason::CookieCleared | MissingReason::CookieUnknown,
            ) => "sign-in",
            Outcome::Ended { .. } | Outcome::Missing(_) => "why",
        }
    }
}

/// Whether a text is a token that this service made: no look-up, and no word on its session.
fn is_genuine<S: Store>(sessions: &Sessions<S>, text: &str) -> bool {
    Token::parse(text).and_then(|token| sessions.keys().load().check_token(&token)).is_ok()
}
