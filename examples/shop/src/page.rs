//! What every page has in common: its title, its place in the navigation, and the person it is shown to.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::shop::Shop;

pub(crate) struct Page {
    pub(crate) title: &'static str,
    /// The entry of the navigation to mark as current; empty for none.
    pub(crate) section: &'static str,
    pub(crate) subject: Option<String>,
    pub(crate) items_in_cart: u32,
}

impl Page {
    pub(crate) fn new(
        shop: &Shop,
        subject: Option<&str>,
        title: &'static str,
        section: &'static str,
    ) -> Self {
        let items_in_cart = subject.map_or(0, |subject| shop.person(subject, |person| person.cart.items()));
        Self { title, section, subject: subject.map(str::to_owned), items_in_cart }
    }

    pub(crate) fn guest(title: &'static str, section: &'static str) -> Self {
        Self { title, section, subject: None, items_in_cart: 0 }
    }
}

pub(crate) fn render(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be put together. Please try again.")
                .into_response()
        }
    }
}
