//! Proving again who one is: for a locked session, and for what needs a recent sign-in.

use askama::Template;

use super::{FormProblem, Moment, PageContext, SentWork, rendered, span_words, words};
use crate::language::Message;

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
    fn text(&self) -> Message<'_> {
        match words::find(&self.reason) {
            Some(words) => words.happened(self.ctx.language),
            None => self.ctx.say("unlock-text"),
        }
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
    /// What the page asks for that the person wants to see.
    pub recent: Option<RecentSignIn>,
    /// The id of the kept request that this leads to; empty if it leads to `return_to`.
    pub kept: String,
    /// What became of what was sent.
    pub sent_work: Option<SentWork>,
    /// What was wrong with the form that was sent.
    pub problem: Option<FormProblem>,
}

/// How recent a sign-in has to be for a page.
#[derive(Debug, Clone)]
pub struct RecentSignIn {
    /// The path of the page.
    pub page: String,
    /// How old it may be, in seconds.
    pub within_seconds: u64,
}

impl StepUp {
    fn text(&self) -> Message<'_> {
        match &self.recent {
            Some(RecentSignIn { page, within_seconds }) => self
                .ctx
                .say("step-up-text-page")
                .code("page", page.as_str())
                .words("span", span_words(self.ctx.language, *within_seconds)),
            None => self.ctx.say("step-up-text"),
        }
    }
}

rendered!(Unlock, StepUp);
