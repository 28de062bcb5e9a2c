//! Proving again who one is: for a locked session, and for what needs a recent sign-in.

use askama::Template;

use super::words::{self, Words};
use super::{FormProblem, Moment, PageContext, SentWork, rendered};

/// `GET unlock`. Posts `form_token`, `return_to`, `username` and `password` to `{base}/unlock`.
#[derive(Clone, Template)]
#[template(path = "unlock.html")]
pub struct Unlock {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects the form.
    pub form_token: String,
    /// Where to go afterwards.
    pub return_to: String,
    /// Whose session is locked.
    pub username: String,
    /// The reason code of the lock.
    pub reason: String,
    /// Since when it is locked.
    pub since: Option<Moment>,
    /// Until when the session and its work are kept.
    pub kept_until: Option<Moment>,
    /// The id of the kept request that the unlock leads to; empty if it leads to `return_to`.
    pub kept: String,
    /// What became of what was sent.
    pub sent_work: Option<SentWork>,
    /// What was wrong with the form that was sent.
    pub problem: Option<FormProblem>,
}

impl Unlock {
    pub(crate) fn words(&self) -> Option<&'static Words> {
        words::find(&self.reason)
    }

    pub(crate) fn has_details(&self) -> bool {
        self.since.is_some() || self.kept_until.is_some()
    }
}

/// `GET step-up`. Posts `form_token`, `return_to`, `username` and `password` to `{base}/step-up`.
#[derive(Clone, Template)]
#[template(path = "step_up.html")]
pub struct StepUp {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects the form.
    pub form_token: String,
    /// Where to go afterwards.
    pub return_to: String,
    /// Who is signed in.
    pub username: String,
    /// Why it is asked, for instance "Pages under /admin ask for a sign-in within the last 10 minutes."
    pub asked_for: Option<String>,
    /// The id of the kept request that this leads to; empty if it leads to `return_to`.
    pub kept: String,
    /// What became of what was sent.
    pub sent_work: Option<SentWork>,
    /// What was wrong with the form that was sent.
    pub problem: Option<FormProblem>,
}

rendered!(Unlock, StepUp);
