//! The goods. None of them exists.

use std::fmt;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::page::{self, Page};
use crate::shop::Shop;
use crate::visitor::Visitor;

pub(crate) struct Product {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) price: Money,
}

/// An amount in cents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Money(pub(crate) u64);

pub(crate) const PRODUCTS: &[Product] = &[
    product("rope", "Braided mooring line", "16 mm polyester, 12 m, with a spliced eye at one end.", 3_850),
    product("anchor", "Folding anchor", "Galvanised, 4 kg. Folds flat and fits under a seat.", 5_400),
    product("lantern", "Deck lantern", "Warm light for thirty hours. Rain does not trouble it.", 4_290),
    product(
        "compass",
        "Bulkhead compass",
        "Reads true at 30 degrees of heel. With a red night light.",
        12_900,
    ),
    product("fender", "Ribbed fender", "Takes the quay so that the hull does not. 60 cm long.", 2_475),
    product("bucket", "Canvas bucket", "Stiff rim, rope handle, nine litres. Dries in an afternoon.", 1_920),
    product("chart", "Coastal chart, sheet 14", "Printed on paper that survives a wet table.", 2_700),
    product("pump", "Hand bilge pump", "Forty litres a minute, if you are in a hurry.", 6_140),
];

const fn product(id: &'static str, name: &'static str, about: &'static str, cents: u64) -> Product {
    Product { id, name, about, price: Money(cents) }
}

pub(crate) fn find(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "€{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    page: Page,
    products: &'static [Product],
}

pub(crate) async fn show(State(shop): State<Arc<Shop>>, visitor: Visitor) -> Response {
    let page = Page::new(&shop, visitor.subject.as_deref(), "Catalogue", "catalogue");
    page::render(&CataloguePage { page, products: PRODUCTS })
}
