//! When a request can't be served: calm, specific, and always with what became of the session.

use askama::Template;

use super::moment::wait_words;
use super::{PageContext, rendered};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 502: no connection to the application, or no HTTP from it.
    UpstreamUnreachable,
    /// 504: the application did not answer in time.
    UpstreamTimeout,
    /// 503: the session can't be checked, so nothing is known about it.
    Unknown,
    /// 404 below the base path.
    NotFound,
    /// 403: a form that was sent from another site.
    CrossSiteForm,
    /// 413: a body above the limit.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// 429.
    TooMany {
        /// Seconds to wait.
        wait_seconds: u64,
    },
    /// 410: nothing is kept under this address, or not for this person.
    KeptGone,
    /// 500: what was kept cannot be read any more.
    KeptUnreadable,
    /// 500.
    Internal,
}

impl ErrorKind {
    /// The HTTP status that goes with the page.
    pub fn status(self) -> u16 {
        match self {
            Self::UpstreamUnreachable => 502,
            Self::UpstreamTimeout => 504,
            Self::Unknown => 503,
            Self::NotFound => 404,
            Self::CrossSiteForm => 403,
            Self::TooLarge { .. } => 413,
            Self::TooMany { .. } => 429,
            Self::KeptGone => 410,
            Self::KeptUnreadable | Self::Internal => 500,
        }
    }

    /// What happened and what to do, for programs and their logs.
    pub(crate) fn plain_text(self) -> String {
        format!("{}. {}", self.title(), self.happened())
    }

    fn title(self) -> &'static str {
        match self {
            Self::UpstreamUnreachable => "The application can't be reached",
            Self::UpstreamTimeout => "The application did not answer in time",
            Self::Unknown => "We can't check your session right now",
            Self::NotFound => "There is no such page",
            Self::CrossSiteForm => "This form came from another site",
            Self::TooLarge { .. } => "That is more than can be sent at once",
            Self::TooMany { .. } => "Too many requests in a short time",
            Self::KeptGone => "Nothing is kept here any more",
            Self::KeptUnreadable => "What was kept can’t be read any more",
            Self::Internal => "Something went wrong on our side",
        }
    }

    fn happened(self) -> String {
        match self {
            Self::UpstreamUnreachable => {
                "The application behind this site is not answering. It may be restarting.".to_owned()
            }
            Self::UpstreamTimeout => {
                "Your request was passed on, but no answer came back in time. It may still have been carried out: \
                 look before you send the same thing twice."
                    .to_owned()
            }
            Self::Unknown => {
                "You have not been signed out. The place where sessions are kept does not answer at the moment, \
                 so your request was not passed on."
                    .to_owned()
            }
            Self::NotFound => "The address may be mistyped, or the page may have moved.".to_owned(),
            Self::CrossSiteForm => {
                "To protect you, forms are accepted only from this site's own pages. Nothing was changed."
                    .to_owned()
            }
            Self::TooLarge { limit } => {
                format!("The limit is {}. Nothing was passed on, and nothing was changed.", size_words(limit))
            }
            Self::TooMany { wait_seconds } => {
                format!("Please wait {}, then try again. Nothing is lost.", wait_words(wait_seconds))
            }
            Self::KeptGone => {
                "It has been sent or discarded before, its time has passed, or it was kept for somebody else. Nothing was sent now."
                    .to_owned()
            }
            Self::KeptUnreadable => {
                "The file in which it was kept is damaged or cannot be read at the moment. Nothing of it was sent.".to_owned()
            }
            Self::Internal => "It has been recorded. You have not been signed out.".to_owned(),
        }
    }

    fn next(self) -> &'static str {
        match self {
            Self::UpstreamUnreachable => {
                "Your session is not affected. Reload the page in a moment; what you typed before comes with it if your browser asks to send the form again."
            }
            Self::UpstreamTimeout => "Your session is not affected. Go back and see whether it was done.",
            Self::Unknown => {
                "Reload this page in a moment. If you were sending a form, keep this page open and reload it."
            }
            Self::NotFound => "Go back, or start from the beginning of the site.",
            Self::CrossSiteForm => {
                "If you meant to do this, open the page of this site and send the form there."
            }
            Self::TooLarge { .. } => "Go back and send less, for instance a smaller file.",
            Self::TooMany { .. } => "Your session is not affected.",
            Self::KeptGone => "If you sent it a moment ago, look in the application whether it has arrived.",
            Self::KeptUnreadable => {
                "Try again in a moment. If it stays so, tell whoever runs this site and pass on the request number below."
            }
            Self::Internal => {
                "Reload the page. If it happens again, tell whoever runs this site and pass on the request number below."
            }
        }
    }
}

/// A number of bytes as words, rounded down: `20 MiB`.
pub(crate) fn size_words(bytes: u64) -> String {
    match bytes {
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

/// The page for an error of the gateway's own; the application's errors are passed on untouched.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What every page needs.
    pub ctx: PageContext,
    /// What went wrong.
    pub kind: ErrorKind,
}

impl ErrorPage {
    pub(crate) fn links_to_kept_work(&self) -> bool {
        matches!(self.kind, ErrorKind::KeptGone)
    }

    pub(crate) fn links_to_status(&self) -> bool {
        matches!(self.kind.status(), 500..)
    }
}

rendered!(ErrorPage);
