//! Checkout: an address, a way of delivery, a card, and the page that says what was ordered.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::cart::{self, Cart, Line};
use crate::catalogue::Money;
use crate::forms::{self, Answer, Field, Filled, Group, Kind};
use crate::page::{self, Page};
use crate::pages;
use crate::shop::Shop;
use crate::visitor::SignedIn;

#[derive(Clone)]
pub(crate) struct Order {
    lines: Vec<Line>,
    answers: Vec<Answer>,
}

const COUNTRIES: &[&str] = &["Denmark", "France", "Germany", "Ireland", "Netherlands", "Norway", "Sweden"];
const DELIVERIES: &[&str] = &["Collect at the harbour shop", "Post, three to five days", "Courier, tomorrow"];

const GROUPS: &[Group] = &[
    Group {
        title: "Where it goes",
        fields: &[
            Field::new("full_name", "Full name", Kind::Input("text")).autocomplete("name").required(),
            Field::new("email", "Email", Kind::Input("email")).autocomplete("email").required(),
            Field::new("street", "Street and number", Kind::Input("text"))
                .autocomplete("address-line1")
                .required(),
            Field::new("town", "Town", Kind::Input("text")).autocomplete("address-level2").required(),
            Field::new("postcode", "Postcode", Kind::Input("text")).autocomplete("postal-code").required(),
            Field::new("country", "Country", Kind::Select(COUNTRIES)).autocomplete("country-name"),
        ],
    },
    Group {
        title: "How it travels",
        fields: &[
            Field::new("delivery", "Delivery", Kind::Radio(DELIVERIES)),
            Field::new("note", "A note for the driver", Kind::Area)
                .hint("The gate code, a neighbour, the berth."),
        ],
    },
    Group {
        title: "How you pay",
        fields: &[
            Field::new("card_name", "Name on the card", Kind::Input("text")).autocomplete("cc-name"),
            Field::new("card_number", "Card number", Kind::Input("text"))
                .autocomplete("cc-number")
                .hint("Nothing is charged. Any number will do.")
                .required(),
            Field::new("card_expiry", "Expiry", Kind::Input("text"))
                .autocomplete("cc-exp")
                .hint("Month and year"),
            Field::new("card_code", "Security code", Kind::Input("text")).autocomplete("cc-csc"),
        ],
    },
];

fn fields() -> impl Iterator<Item = &'static Field> {
    GROUPS.iter().flat_map(|group| group.fields)
}

fn is_card(field: &Field) -> bool {
    field.autocomplete.starts_with("cc-")
}

#[derive(Template)]
#[template(path = "checkout.html")]
struct CheckoutPage {
    page: Page,
    lines: Vec<Line>,
    total: Money,
    groups: Vec<(&'static str, Vec<Filled>)>,
    missing: Vec<&'static Field>,
}

impl CheckoutPage {
    /// Shows `values` again, but never those of the card.
    fn new(shop: &Shop, subject: &str, values: &[(String, String)], missing: Vec<&'static Field>) -> Self {
        let lines = shop.person(subject, |person| person.cart.lines());
        let mut groups: Vec<_> =
            GROUPS.iter().map(|group| (group.title, forms::fill(group.fields, values))).collect();
        for filled in groups.iter_mut().flat_map(|(_, fields)| fields) {
            filled.missing = missing.iter().any(|field| field.name == filled.field.name);
            if is_card(filled.field) {
                filled.value.clear();
            }
        }
        let page = Page::new(shop, Some(subject), "Checkout", "cart");
        Self { page, total: cart::total(&lines), lines, groups, missing }
    }
}

pub(crate) async fn show(State(shop): State<Arc<Shop>>, SignedIn(subject): SignedIn) -> Response {
    page::render(&CheckoutPage::new(&shop, &subject, &[], Vec::new()))
}

/// Places the order and empties the cart, so that a form that arrives twice orders once.
pub(crate) async fn place(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Form(values): Form<Vec<(String, String)>>,
) -> Response {
    let missing: Vec<_> = fields()
        .filter(|field| field.required && forms::value(&values, field.name).trim().is_empty())
        .collect();
    if !missing.is_empty() {
        let again = CheckoutPage::new(&shop, &subject, &values, missing);
        return (StatusCode::UNPROCESSABLE_ENTITY, page::render(&again)).into_response();
    }
    let answers = forms::answers(GROUPS, &conceal(values));
    let placed = shop.person(&subject, |person| {
        let lines = std::mem::take::<Cart>(&mut person.cart).lines();
        if lines.is_empty() {
            return None;
        }
        person.orders.push(Order { lines, answers });
        Some(person.orders.len())
    });
    match placed {
        Some(number) => Redirect::to(&format!("/order/{number}")).into_response(),
        None => {
            let empty = CheckoutPage::new(&shop, &subject, &[], Vec::new());
            (StatusCode::CONFLICT, page::render(&empty)).into_response()
        }
    }
}

/// What may be kept of a card: how it ends and that all of it came.
fn conceal(values: Vec<(String, String)>) -> Vec<(String, String)> {
    values
        .into_iter()
        .map(|(name, value)| {
            let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
            let shown = match name.as_str() {
                "card_number" if digits.len() > 4 => {
                    let end: String = digits[digits.len() - 4..].iter().collect();
                    format!("ends in {end}, {} digits received", digits.len())
                }
                "card_number" | "card_code" if !value.is_empty() => {
                    format!("{} digits received", digits.len())
                }
                _ => value,
            };
            (name, shown)
        })
        .collect()
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    page: Page,
    number: usize,
    orders: usize,
    total: Money,
    order: Order,
}

pub(crate) async fn order(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Path(number): Path<String>,
) -> Response {
    let number: usize = number.parse().unwrap_or(0);
    let (orders, order) = shop.person(&subject, |person| {
        let order = number.checked_sub(1).and_then(|index| person.orders.get(index).cloned());
        (person.orders.len(), order)
    });
    let page = Page::new(&shop, Some(&subject), "Thank you, your order is placed", "cart");
    match order {
        Some(order) => {
            page::render(&OrderPage { page, number, orders, total: cart::total(&order.lines), order })
        }
        None => pages::missing(&shop, Some(&subject)),
    }
}
