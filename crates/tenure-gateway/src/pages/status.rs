//! The public status page, and the confirmation of a sign-out.

use askama::Template;

use super::{Moment, PageContext, rendered};

/// A planned interruption.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// What the operator says about it.
    pub text: String,
    /// When it begins.
    pub from: Moment,
    /// When it should be over.
    pub until: Option<Moment>,
}

/// Something that went wrong in the past.
#[derive(Debug, Clone)]
pub struct Incident {
    /// When it began.
    pub from: Moment,
    /// When it was over; `None` while it lasts.
    pub until: Option<Moment>,
    /// What happened, in plain words.
    pub text: String,
}

/// `GET status`: public, tells nothing about anyone.
#[derive(Debug, Clone, Template)]
#[template(path = "status.html")]
pub struct Status {
    /// What every page needs.
    pub ctx: PageContext,
    /// Whether sessions can be checked and the application is reached.
    pub up: bool,
    /// When this was found out.
    pub checked: Moment,
    /// A planned interruption, if one is announced.
    pub maintenance: Option<Maintenance>,
    /// The latest first.
    pub incidents: Vec<Incident>,
}

/// Shown after a sign-out.
#[derive(Debug, Clone, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut {
    /// What every page needs.
    pub ctx: PageContext,
    /// Where a new sign-in goes to; empty for the start page.
    pub return_to: String,
    /// How many other sessions of the account are still signed in, when that is known.
    pub others: u64,
}

rendered!(Status, SignedOut);
