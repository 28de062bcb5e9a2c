//! The cart: what a person means to buy, and how many of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::catalogue::{self, Money, PRODUCTS, Product};
use crate::page::{self, Page};
use crate::shop::Shop;
use crate::visitor::SignedIn;

/// No line of a cart grows beyond this.
const MOST_OF_ONE: u32 = 99;

#[derive(Default, Clone)]
pub(crate) struct Cart(BTreeMap<&'static str, u32>);

#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) product: &'static Product,
    pub(crate) quantity: u32,
}

impl Line {
    pub(crate) fn total(&self) -> Money {
        Money(self.product.price.0 * u64::from(self.quantity))
    }
}

impl Cart {
    pub(crate) fn items(&self) -> u32 {
        self.0.values().sum()
    }

    /// In the order of the catalogue.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let line = |product: &'static Product| Some(Line { product, quantity: *self.0.get(product.id)? });
        PRODUCTS.iter().filter_map(line).collect()
    }

    fn add(&mut self, product: &'static Product, quantity: u32) {
        let line = self.0.entry(product.id).or_default();
        *line = line.saturating_add(quantity).min(MOST_OF_ONE);
    }

    fn set(&mut self, product: &'static Product, quantity: u32) {
        if quantity == 0 {
            self.0.remove(product.id);
        } else {
            self.0.insert(product.id, quantity.min(MOST_OF_ONE));
        }
    }
}

pub(crate) fn total(lines: &[Line]) -> Money {
    Money(lines.iter().map(|line| line.total().0).sum())
}

#[derive(Template)]
#[template(path = "cart.html")]
struct CartPage {
    page: Page,
    lines: Vec<Line>,
    total: Money,
    most: u32,
}

pub(crate) async fn show(State(shop): State<Arc<Shop>>, SignedIn(subject): SignedIn) -> Response {
    let lines = shop.person(&subject, |person| person.cart.lines());
    let page = Page::new(&shop, Some(&subject), "Your cart", "cart");
    page::render(&CartPage { page, total: total(&lines), lines, most: MOST_OF_ONE })
}

#[derive(Deserialize)]
pub(crate) struct Addition {
    product: String,
    #[serde(default = "one")]
    quantity: u32,
}

const fn one() -> u32 {
    1
}

pub(crate) async fn add(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Form(addition): Form<Addition>,
) -> Response {
    let Some(product) = catalogue::find(&addition.product) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "The catalogue has no such product.").into_response();
    };
    if addition.quantity > 0 {
        shop.person(&subject, |person| person.cart.add(product, addition.quantity));
    }
    Redirect::to("/cart").into_response()
}

/// Takes one field per line, named as the product. What is not named stays as it is, and so does a line whose
/// number can't be read.
pub(crate) async fn update(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Form(fields): Form<Vec<(String, String)>>,
) -> Redirect {
    shop.person(&subject, |person| {
        for (id, quantity) in &fields {
            if let (Some(product), Ok(quantity)) = (catalogue::find(id), quantity.trim().parse()) {
                person.cart.set(product, quantity);
            }
        }
    });
    Redirect::to("/cart")
}
