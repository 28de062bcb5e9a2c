//! The first page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::page::{self, Page};
use crate::shop::Shop;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    page: Page,
    last_order: Option<usize>,
    told: Vec<(&'static str, String)>,
}

pub(crate) async fn show(State(shop): State<Arc<Shop>>, visitor: Visitor) -> Response {
    let subject = visitor.subject.as_deref();
    let page = Page::new(&shop, subject, "Welcome", "home");
    let last_order = subject.and_then(|subject| {
        shop.person(subject, |person| person.orders.len().checked_sub(1).map(|last| last + 1))
    });
    let told = [
        ("Tenure-Subject", visitor.subject),
        ("Tenure-Session", visitor.session),
        ("Tenure-Auth-Time", visitor.auth_time),
        ("Tenure-Assurance", visitor.assurance),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    page::render(&HomePage { page, last_order, told })
}
