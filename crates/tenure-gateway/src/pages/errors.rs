//! When a request can't be served: calm, specific, and always with what became of the session.

use askama::Template;

use super::{PageContext, rendered, size_words, span_words};
use crate::language::{Language, Message};

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
        let (title, happened) = (self.title(Language::ENGLISH), self.happened(Language::ENGLISH));
        format!("{}. {}", title.plain(), happened.plain())
    }

    const fn key(self) -> &'static str {
        match self {
            Self::UpstreamUnreachable => "error-upstream-unreachable",
            Self::UpstreamTimeout => "error-upstream-timeout",
            Self::Unknown => "error-unknown",
            Self::NotFound => "error-not-found",
            Self::CrossSiteForm => "error-cross-site-form",
            Self::TooLarge { .. } => "error-too-large",
            Self::TooMany { .. } => "error-too-many",
            Self::KeptGone => "error-kept-gone",
            Self::KeptUnreadable => "error-kept-unreadable",
            Self::Internal => "error-internal",
        }
    }

    fn title<'a>(self, language: Language) -> Message<'a> {
        language.say(self.key())
    }

    fn happened<'a>(self, language: Language) -> Message<'a> {
        let message = language.say(format!("{}.happened", self.key()));
        match self {
            Self::TooLarge { limit } => message.words("limit", size_words(language, limit)),
            Self::TooMany { wait_seconds } => message.words("wait", span_words(language, wait_seconds)),
            _ => message,
        }
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
    fn title(&self) -> Message<'_> {
        self.kind.title(self.ctx.language)
    }

    fn happened(&self) -> Message<'_> {
        self.kind.happened(self.ctx.language)
    }

    fn next(&self) -> Message<'_> {
        self.ctx.language.say(format!("{}.next", self.kind.key()))
    }

    pub(crate) fn links_to_kept_work(&self) -> bool {
        matches!(self.kind, ErrorKind::KeptGone)
    }

    pub(crate) fn links_to_status(&self) -> bool {
        matches!(self.kind.status(), 500..)
    }
}

rendered!(ErrorPage);
