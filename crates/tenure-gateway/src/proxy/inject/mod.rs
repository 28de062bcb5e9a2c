//! Adds the client script to the HTML pages of the application, without the application's help.
//!
//! Only pages that a browser navigates to are touched, and only where their headers can be kept truthful: length, validators,
//! ranges and the content security policy.

mod body;
mod csp;
mod html;
mod page;
mod validators;

pub use body::InjectedBody;
pub use page::{ClientScript, InvalidBasePath, is_page_request};
pub(crate) use page::{Outcome, PageRequest};
