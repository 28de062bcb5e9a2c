//! "Where you are signed in."

use askama::Template;

use super::{Moment, PageContext, rendered};

/// One session in a list.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// The public id (`ses_…`).
    pub id: String,
    /// For instance "Chrome 156 on Windows".
    pub device: String,
    /// The address it was last used from.
    pub address: String,
    /// When it was signed in.
    pub signed_in: Moment,
    /// When it was last used.
    pub last_used: Moment,
    /// The session that asks for the list.
    pub current: bool,
    /// Locked, so that nothing passes before an unlock.
    pub locked: bool,
}

/// `GET account/sessions`. Each row posts `form_token` to `{base}/account/sessions/{id}/end`; the button below
/// posts it to `{base}/account/sessions/end-others`.
#[derive(Clone, Template)]
#[template(path = "account_sessions.html")]
pub struct AccountSessions {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects the forms.
    pub form_token: String,
    /// Whose sessions these are.
    pub subject: String,
    /// All of them, the asking one first.
    pub sessions: Vec<SessionRow>,
    /// What was just done, for instance "The session on Firefox 153 on Linux was ended."
    pub done: Option<String>,
}

impl AccountSessions {
    pub(crate) fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}

rendered!(AccountSessions);
