//! What was sent while the session was locked: waiting for its person, or not kept, and why.

use askama::Template;

use super::errors::size_words;
use super::{Moment, PageContext, rendered};
use crate::kept::State;
use crate::kept::summary::{Field, Shown};

/// One field of a kept form, as the person may see it again.
#[derive(Clone)]
pub struct KeptField {
    /// The field's name.
    pub name: String,
    /// Its text; for a file its name and size.
    pub value: String,
    /// Said about it, for instance that it is not shown.
    pub remark: &'static str,
}

impl From<Field> for KeptField {
    fn from(field: Field) -> Self {
        let (value, remark) = match field.value {
            Shown::Text { text, .. } if text.is_empty() => (text, "(empty)"),
            Shown::Text { text, whole } => {
                (text, if whole { "" } else { "… (shortened here; sent in full)" })
            }
            Shown::Secret => (String::new(), "(not shown here; sent as it is)"),
            Shown::File { name, size } => (format!("{name}, {}", size_words(size)), ""),
        };
        Self { name: field.name, value, remark }
    }
}

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
    /// The size of its body, for instance "20 MiB".
    pub size: String,
    /// The type of a body that is no form.
    pub content_type: Option<String>,
    /// What it carries, as far as it can be shown; empty for bodies that are not forms.
    pub fields: Vec<KeptField>,
    /// How many more fields there are.
    pub more: usize,
    /// Where it is in its life. Only what waits can be sent; the rest can be read.
    pub state: State,
}

impl KeptRequest {
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
    /// The size of its body.
    pub size: String,
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
    fn text(self) -> String {
        match self {
            Self::TooLarge { limit: 0 } => {
                "This site keeps nothing of what is sent while a session is locked.".into()
            }
            Self::TooLarge { limit } => {
                format!(
                    "It is larger than {}, which is the most that is kept of one form and its files.",
                    size_words(limit)
                )
            }
            Self::PersonFull { limit } => format!(
                "Other things that you sent are kept already, and together with this they would be more than {}.",
                size_words(limit)
            ),
            Self::Full => {
                "There is no room for it at the moment: much of other people’s work is kept too.".into()
            }
            Self::Disk => {
                "It could not be written to the disk. Whoever runs this site has been told in the log.".into()
            }
            Self::Incomplete => {
                "It did not arrive whole: the connection was interrupted while it was sent.".into()
            }
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
    pub const fn text(self) -> &'static str {
        match self {
            Self::Kept => {
                "What you just sent is kept. Once you have confirmed that it is you, you see it again and send it with one click."
            }
            Self::Waiting => {
                "Something that you sent is kept. Once you have confirmed that it is you, you find it under “Your kept work”."
            }
            Self::NotKept => {
                "What you just sent was not passed on, and it could not be kept, because there is no open session that it belongs to. \
                 It may still be in the page that you sent it from: go back, copy it, and send it again after signing in."
            }
            Self::OtherSite => {
                "What was just sent was not passed on, and it is not kept, because it did not come from a page of this site. \
                 If it was you who sent it, go back and send it again after confirming that it is you."
            }
        }
    }

    pub(crate) const fn is_lost(self) -> bool {
        matches!(self, Self::NotKept | Self::OtherSite)
    }
}

rendered!(KeptRequest, KeptList, NotKeptPage);
