//! Who is asking: read from the identity headers, and from nothing else.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::page::{self, Page};

/// Anyone, known or not.
pub(crate) struct Visitor {
    /// Absent for a guest; an empty header means a guest too.
    pub(crate) subject: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) auth_time: Option<String>,
    pub(crate) assurance: Option<String>,
}

/// A visitor with a subject. Guests are answered with a page that says so.
pub(crate) struct SignedIn(pub(crate) String);

impl Visitor {
    fn of(headers: &HeaderMap) -> Self {
        let header = |name| {
            let value = headers.get(name)?;
            let value = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        Self {
            subject: header("tenure-subject"),
            session: header("tenure-session"),
            auth_time: header("tenure-auth-time"),
            assurance: header("tenure-assurance"),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Visitor::of(&parts.headers).subject.map(Self).ok_or_else(|| {
            let guest = GuestPage { page: Page::guest("Please sign in", "") };
            (StatusCode::FORBIDDEN, page::render(&guest)).into_response()
        })
    }
}

#[derive(askama::Template)]
#[template(path = "guest.html")]
struct GuestPage {
    page: Page,
}
