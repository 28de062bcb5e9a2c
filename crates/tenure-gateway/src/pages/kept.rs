//! A request that met a lock and waits for its person.

use askama::Template;

use super::{Moment, PageContext, rendered};

/// One field of a kept form, as the person may see it again.
#[derive(Clone)]
pub struct KeptField {
    /// The field's name.
    pub name: String,
    /// Its text; for a file its name and size. Leave passwords and codes out.
    pub value: String,
}

/// `GET kept/{id}`. Posts `form_token` to `{base}/kept/{id}/replay` or `{base}/kept/{id}/discard`.
#[derive(Clone, Template)]
#[template(path = "kept.html")]
pub struct KeptRequest {
    /// What every page needs.
    pub ctx: PageContext,
    /// Protects both forms.
    pub form_token: String,
    /// The kept request's id.
    pub id: String,
    /// `POST`, `PUT` or another method.
    pub method: String,
    /// Where it goes: path and query.
    pub address: String,
    /// When it was first sent.
    pub sent: Moment,
    /// When it is removed if nothing is done.
    pub kept_until: Moment,
    /// The size of its body, for instance "20 MiB".
    pub size: String,
    /// What it carries, as far as it can be shown; empty for bodies that are not forms.
    pub fields: Vec<KeptField>,
}

rendered!(KeptRequest);
