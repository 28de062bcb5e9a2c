//! The gateway's own pages. Each is a plain struct that is rendered on the server and works without any
//! script; none of them needs more than
//! `default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'self'; base-uri 'none'`.
//! Pages that hold a form token have no `Debug`, so that none gets into a log.

mod account;
mod advice;
mod errors;
mod frame;
mod kept;
mod moment;
mod sign_in;
mod status;
mod unlock;
mod why;
pub mod words;

pub use account::{AccountSessions, SessionRow};
pub use errors::{ErrorKind, ErrorPage};
pub use frame::{FrameDone, UnlockFrame};
pub use kept::{KeptList, KeptRequest, KeptRow, NotKeptPage, NotKeptReason, SentWork};
pub use moment::Moment;
pub(crate) use moment::{size_words, span_words};
pub use sign_in::{FormProblem, SessionLimit, SignIn};
pub use status::{Incident, Maintenance, SignedOut, Status};
pub use unlock::{RecentSignIn, StepUp, Unlock};
pub use why::{DisplacedBy, Why};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::language::{Language, Message};

/// What stays readable in a query value: the unreserved characters of RFC 3986 and the slash.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What every page needs to know.
#[derive(Debug, Clone)]
pub struct PageContext {
    /// Where the gateway's own paths begin, without a trailing slash: `/.tenure`.
    pub base_path: String,
    /// Shown at the foot of the page and written in the log, so that both can be matched. Empty: not shown.
    pub request_id: String,
    /// The page's language.
    pub language: Language,
}

impl PageContext {
    /// A message in the page's language.
    pub(crate) fn say<'a>(&self, key: &'static str) -> Message<'a> {
        self.language.say(key)
    }

    /// A number of bytes as people read it.
    pub(crate) fn size<'a>(&self, bytes: u64) -> Message<'a> {
        size_words(self.language, bytes)
    }

    /// `{base}/{path}`
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.base_path)
    }

    pub(crate) fn stylesheet(&self) -> String {
        crate::assets::stylesheet().url(&self.base_path)
    }

    pub(crate) fn shelf(&self) -> String {
        crate::assets::shelf().url(&self.base_path)
    }

    pub(crate) fn mark(&self) -> String {
        crate::assets::mark().url(&self.base_path)
    }

    /// `{base}/{path}?return_to=…`, or without the query when there is nowhere to return to.
    pub(crate) fn link(&self, path: &str, return_to: &str) -> String {
        let base = &self.base_path;
        if return_to.is_empty() {
            return format!("{base}/{path}");
        }
        format!("{base}/{path}?return_to={}", utf8_percent_encode(return_to, QUERY_VALUE))
    }
}

/// A page, for the answer that carries it.
pub(crate) trait Page: askama::Template {
    /// What every page needs to know.
    fn context(&self) -> &PageContext;
}

/// Gives page structs their public `render`, so that callers need not know the template engine's trait.
macro_rules! rendered {
    ($($page:ident),+) => {$(
        impl super::Page for $page {
            fn context(&self) -> &PageContext {
                &self.ctx
            }
        }

        impl $page {
            /// Renders the page as HTML.
            ///
            /// # Errors
            ///
            /// Only when the template engine itself fails to format a value.
            pub fn render(&self) -> Result<String, askama::Error> {
                askama::Template::render(self)
            }
        }
    )+};
}
pub(crate) use rendered;

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> PageContext {
        PageContext { base_path: "/.tenure".into(), request_id: "req_1".into(), language: Language::ENGLISH }
    }

    #[test]
    fn links_carry_the_place_to_return_to_in_one_query_value() {
        assert_eq!(
            context().link("sign-in", "/a b?c=d&e#f"),
            "/.tenure/sign-in?return_to=/a%20b%3Fc%3Dd%26e%23f"
        );
        assert_eq!(context().link("sign-in", ""), "/.tenure/sign-in");
    }

    #[test]
    fn values_from_outside_are_escaped() {
        let page = StepUp {
            ctx: context(),
            form_token: "\"><script>".into(),
            return_to: "/'\"<x>".into(),
            username: "<b>ada</b>".into(),
            recent: None,
            kept: String::new(),
            sent_work: None,
            problem: None,
        };
        let html = page.render().unwrap();
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("<x>"), "{html}");
    }
}
