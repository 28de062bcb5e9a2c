//! What was sent while the session was locked: waiting for its person, or not kept, and why.

use askama::Template;

use super::{Moment, PageContext, rendered, size_words};
use crate::kept::State;
use crate::kept::summary::{Field, Shown};
use crate::language::{Language, Message};

/// `GET kept/{id}`. Posts `form_token` to `{base}/kept/{id}/replay` or `{base}/kept/{id}/discard`.
#[derive(Clone, Template)]
#[template(path = "kept.html")]
pub struct KeptRequest {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects both forms.
    pub form_token: String,
    /// The kept request's id.
    pub id: String,
    /// In whose name it is sent.
    pub subject: String,
    /// `POST`, `PUT` or another method.
    pub method: String,
    /// The host it goes to.
    pub host: String,
    /// Where it goes there: path and query.
    pub address: String,
    /// When it was first sent.
    pub sent: Moment,
    /// When it is removed if nothing is done.
    pub kept_until: Moment,
    /// The size of its body in bytes.
    pub size: u64,
    /// The type of a body that is no form.
    pub content_type: Option<String>,
    /// What it carries, as far as it can be shown; empty for bodies that are not forms.
    pub fields: Vec<Field>,
    /// How many more fields there are.
    pub more: usize,
    /// Where it is in its life. Only what waits can be sent; the rest can be read.
    pub state: State,
}

impl KeptRequest {
    fn goes_to(&self) -> Message<'_> {
        let message = match self.method.as_str() {
            "POST" => self.ctx.say("kept-goes-to-value"),
            method => self.ctx.say("kept-goes-to-by").value("method", method),
        };
        message.code("address", self.address.as_str()).value("host", self.host.as_str())
    }

    fn more_fields(&self) -> u64 {
        self.more as u64
    }

    pub(crate) const fn can_be_sent(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    pub(crate) const fn can_be_discarded(&self) -> bool {
        !matches!(self.state, State::Sending)
    }
}

/// One line of the list of kept requests.
#[derive(Debug, Clone)]
pub struct KeptRow {
    /// Its id.
    pub id: String,
    /// Where it goes.
    pub address: String,
    /// When it was first sent.
    pub kept: Moment,
    /// When it is removed if nothing is done.
    pub kept_until: Moment,
    /// The size of its body in bytes.
    pub size: u64,
    /// Whether it may have arrived already.
    pub unsure: bool,
}

/// `GET kept`: everything that is kept for the person on this host.
#[derive(Clone, Template)]
#[template(path = "kept_list.html")]
pub struct KeptList {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects every form.
    pub form_token: String,
    /// The latest first.
    pub rows: Vec<KeptRow>,
    /// Something has just been discarded.
    pub discarded: bool,
}

/// Why what was sent could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotKeptReason {
    /// It is larger than what is kept of one request.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// As much is kept for the person as may be.
    PersonFull {
        /// The limit in bytes.
        limit: u64,
    },
    /// As much is kept for everybody as may be.
    Full,
    /// It could not be written.
    Disk,
    /// It did not arrive whole.
    Incomplete,
}

impl NotKeptReason {
    fn text<'a>(self, language: Language) -> Message<'a> {
        match self {
            Self::TooLarge { limit: 0 } => language.say("not-kept-off"),
            Self::TooLarge { limit } => {
                language.say("not-kept-too-large").words("limit", size_words(language, limit))
            }
            Self::PersonFull { limit } => {
                language.say("not-kept-person-full").words("limit", size_words(language, limit))
            }
            Self::Full => language.say("not-kept-full"),
            Self::Disk => language.say("not-kept-disk"),
            Self::Incomplete => language.say("not-kept-incomplete"),
        }
    }
}

/// What was sent met a lock and could not be kept: the one case in which a person has to do something about it at once.
#[derive(Debug, Clone, Template)]
#[template(path = "not_kept.html")]
pub struct NotKeptPage {
    /// What every page needs.
    pub ctx: PageContext,
    /// Why.
    pub reason: NotKeptReason,
    /// The address of the page where the session is unlocked.
    pub way_on: String,
}

/// What became of what a person has just sent, for the page that asks who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentWork {
    /// It is kept, and comes next.
    Kept,
    /// Something sent earlier is kept.
    Waiting,
    /// It is not kept: there was no session to keep it for.
    NotKept,
    /// It is not kept: another site may have sent it.
    OtherSite,
}

impl SentWork {
    /// How it is written in an address.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Waiting => "waiting",
            Self::NotKept => "not_kept",
            Self::OtherSite => "other_site",
        }
    }

    /// What of it an address may say: only that nothing was kept, which harms nobody if it is not so.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::NotKept, Self::OtherSite].into_iter().find(|work| work.code() == code)
    }

    /// What people are told.
    pub fn text<'a>(self, language: Language) -> Message<'a> {
        language.say(match self {
            Self::Kept => "sent-kept",
            Self::Waiting => "sent-waiting",
            Self::NotKept => "sent-not-kept",
            Self::OtherSite => "sent-other-site",
        })
    }

    pub(crate) const fn is_lost(self) -> bool {
        matches!(self, Self::NotKept | Self::OtherSite)
    }
}

rendered!(KeptRequest, KeptList, NotKeptPage);
