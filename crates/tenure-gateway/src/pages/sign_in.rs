//! Signing in, and choosing which session makes room when there are too many.

use askama::Template;

use super::{PageContext, SessionRow, rendered, span_words};
use crate::language::{Language, Message};

/// What stood in the way of a form that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormProblem {
    /// The name and the password do not belong together. It is never told which of them is wrong.
    WrongCredentials,
    /// The password is not the one of the person whose name stands in the form already.
    WrongPassword,
    /// Too many tries; the next one is looked at after this many seconds.
    Throttled {
        /// Seconds to wait.
        wait_seconds: u64,
    },
    /// The form's token is older than it may be.
    FormTooOld,
    /// The cookie that was set did not come back.
    CookiesBlocked,
    /// Credentials can't be checked just now.
    Unavailable,
    /// The account has as many sessions as it may have, and none may make room.
    LimitReached,
}

impl FormProblem {
    /// The same in a form where the name stands already.
    #[must_use]
    pub fn with_name_given(self) -> Self {
        if self == Self::WrongCredentials { Self::WrongPassword } else { self }
    }

    pub(crate) fn text<'a>(&self, language: Language) -> Message<'a> {
        match self {
            Self::WrongCredentials => language.say("problem-wrong-credentials"),
            Self::WrongPassword => language.say("problem-wrong-password"),
            Self::Throttled { wait_seconds } => {
                language.say("problem-throttled").words("wait", span_words(language, *wait_seconds))
            }
            Self::FormTooOld => language.say("problem-form-too-old"),
            Self::CookiesBlocked => language.say("problem-cookies-blocked"),
            Self::Unavailable => language.say("problem-unavailable"),
            Self::LimitReached => language.say("problem-limit-reached"),
        }
    }

    pub(crate) fn about_fields(&self) -> bool {
        matches!(self, Self::WrongCredentials | Self::WrongPassword)
    }
}

/// `GET sign-in`, and the answer to a `POST` that was refused. Posts `form_token`, `return_to`, `username`,
/// `password` and, when offered, `remember=1` to `{base}/sign-in`.
#[derive(Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects the form.
    pub form_token: String,
    /// Where to go afterwards; empty for the start page.
    pub return_to: String,
    /// Prefilled name; empty if not known.
    pub username: String,
    /// `None`: staying signed in is not offered. Otherwise whether its box is ticked.
    pub remember: Option<bool>,
    /// Why the person is here, for instance "You were away for 30 minutes, so we locked your session. Your
    /// work is kept."
    pub notice: Option<String>,
    /// What was wrong with the form that was sent.
    pub problem: Option<FormProblem>,
    /// Served without TLS on loopback: the page says so.
    pub plain_http: bool,
}

/// Shown after correct credentials when the account has as many sessions as it may have. Posts `form_token`,
/// `return_to`, `ticket` and `end_session` to `{base}/sign-in`.
#[derive(Clone, Template)]
#[template(path = "session_limit.html")]
pub struct SessionLimit {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects the form.
    pub form_token: String,
    /// Where to go afterwards.
    pub return_to: String,
    /// Stands for the credentials that were already checked.
    pub ticket: String,
    /// The sessions to choose from, the least recently used first.
    pub sessions: Vec<SessionRow>,
    /// The form was sent without a choice, or what was chosen is gone.
    pub choose_again: bool,
}

rendered!(SignIn, SessionLimit);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Moment;

    fn context() -> PageContext {
        PageContext { base_path: "/gate".into(), request_id: String::new(), language: Language::ENGLISH }
    }

    #[test]
    fn staying_signed_in_is_offered_only_where_the_policy_knows_it() {
        let page = |remember| SignIn {
            ctx: context(),
            form_token: "token".into(),
            return_to: "/wiki".into(),
            username: String::new(),
            remember,
            notice: None,
            problem: Some(FormProblem::Throttled { wait_seconds: 30 }),
            plain_http: false,
        };
        assert!(!page(None).render().unwrap().contains("name=\"remember\""));
        assert!(page(Some(true)).render().unwrap().contains("name=\"remember\" value=\"1\" checked"));
        let html = page(Some(false)).render().unwrap();
        assert!(html.contains("name=\"remember\" value=\"1\">") && html.contains("Please wait 30 seconds"));
        assert!(html.contains("action=\"/gate/sign-in\"") && !html.contains("aria-invalid"));
    }

    #[test]
    fn the_choice_of_a_session_to_end_travels_with_the_ticket() {
        let row = |id: &str| SessionRow {
            id: id.into(),
            device: "Firefox 153 on Linux".into(),
            address: "203.0.113.7".into(),
            signed_in: Moment(0),
            last_used: Moment(1),
            current: false,
            locked: true,
        };
        let page = SessionLimit {
            ctx: context(),
            form_token: "token".into(),
            return_to: "/wiki".into(),
            ticket: "checked".into(),
            sessions: vec![row("ses_a"), row("ses_b")],
            choose_again: false,
        };
        let html = page.render().unwrap();
        for part in [
            "You are signed in on 2 other devices",
            "name=\"ticket\" value=\"checked\"",
            "name=\"end_session\" value=\"ses_a\" required checked",
            "name=\"end_session\" value=\"ses_b\" required>",
            "name=\"form_token\" value=\"token\"",
            "href=\"/gate/sign-in?return_to=/wiki\"",
        ] {
            assert!(html.contains(part), "{part} is missing");
        }
    }
}
