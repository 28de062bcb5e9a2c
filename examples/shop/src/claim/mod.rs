//! A damage claim: a long form in four steps, with files, each step kept when it is submitted.

mod fields;
mod received;
mod upload;

use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;

use askama::Template;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Serialize;

use self::fields::{LAST_STEP, STEPS};
pub(crate) use self::received::Claim;
use self::received::{Submission, Upload};
use crate::forms::{self, Answer, Filled};
use crate::page::{self, Page};
use crate::pages;
use crate::shop::Shop;
use crate::visitor::SignedIn;

#[derive(Template)]
#[template(path = "claim.html")]
struct ClaimPage {
    page: Page,
    number: usize,
    titles: Vec<&'static str>,
    fields: Vec<Filled>,
    files: Vec<Upload>,
}

impl ClaimPage {
    fn is_last(&self) -> bool {
        self.number == LAST_STEP
    }
}

pub(crate) async fn show(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Path(step): Path<String>,
) -> Response {
    let Some(number) = step_number(&step) else { return pages::missing(&shop, Some(&subject)) };
    let form = shop.person(&subject, |person| person.claim.step(number).form.clone());
    let group = &STEPS[number - 1];
    let page = Page::new(&shop, Some(&subject), "Damage claim", "claim");
    let titles = STEPS.iter().map(|group| group.title).collect();
    page::render(&ClaimPage {
        page,
        number,
        titles,
        fields: forms::fill(group.fields, &form.values),
        files: form.files,
    })
}

/// Takes a step as a plain form or with files, keeps it, and goes where the pressed button says.
pub(crate) async fn submit(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Path(step): Path<String>,
    request: Request,
) -> Response {
    let Some(number) = step_number(&step) else { return pages::missing(&shop, Some(&subject)) };
    let mut form = match read(request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let back = form.take_button() == "back";
    shop.person(&subject, |person| person.claim.receive(number, form));
    let next = match number {
        1 if back => 1,
        _ if back => number - 1,
        LAST_STEP => return Redirect::to("/claim/done").into_response(),
        _ => number + 1,
    };
    Redirect::to(&format!("/claim/{next}")).into_response()
}

pub(crate) async fn start_again(State(shop): State<Arc<Shop>>, SignedIn(subject): SignedIn) -> Redirect {
    shop.person(&subject, |person| person.claim = Claim::default());
    Redirect::to("/claim/1")
}

/// A step as it is read back.
struct Reading {
    number: usize,
    title: &'static str,
    arrivals: u32,
    answers: Vec<Answer>,
    files: Vec<Upload>,
}

#[derive(Template)]
#[template(path = "claim_done.html")]
struct DonePage {
    page: Page,
    steps: Vec<Reading>,
    complete: bool,
}

pub(crate) async fn done(State(shop): State<Arc<Shop>>, SignedIn(subject): SignedIn) -> Response {
    let claim = shop.person(&subject, |person| person.claim.clone());
    let steps: Vec<_> = claim
        .steps()
        .zip(&STEPS)
        .enumerate()
        .map(|(index, (step, group))| Reading {
            number: index + 1,
            title: group.title,
            arrivals: step.arrivals,
            answers: forms::answers(slice::from_ref(group), &step.form.values),
            files: step.form.files.clone(),
        })
        .collect();
    let complete = steps.iter().all(|step| step.arrivals > 0);
    let title = if complete { "Your claim has arrived" } else { "Your claim so far" };
    page::render(&DonePage { page: Page::new(&shop, Some(&subject), title, "claim"), steps, complete })
}

/// The same for machines: every value of every field of the latest form of each step.
#[derive(Serialize)]
struct StepJson {
    arrivals: u32,
    fields: BTreeMap<String, Vec<String>>,
    files: Vec<Upload>,
}

pub(crate) async fn done_json(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
) -> impl IntoResponse {
    let claim = shop.person(&subject, |person| person.claim.clone());
    let steps: BTreeMap<usize, StepJson> = claim
        .steps()
        .enumerate()
        .map(|(index, step)| {
            let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (name, value) in &step.form.values {
                fields.entry(name.clone()).or_default().push(value.clone());
            }
            (index + 1, StepJson { arrivals: step.arrivals, fields, files: step.form.files.clone() })
        })
        .collect();
    Json(BTreeMap::from([("steps", steps)]))
}

fn step_number(step: &str) -> Option<usize> {
    step.parse().ok().filter(|number| (1..=LAST_STEP).contains(number))
}

async fn read(mut request: Request) -> Result<Submission, Response> {
    let multipart = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"));
    if multipart {
        DefaultBodyLimit::disable().apply(&mut request);
        let form = Multipart::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
        return upload::read(form).await.map_err(IntoResponse::into_response);
    }
    let Form(values) = Form::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
    Ok(Submission { values, files: Vec::new() })
}
