//! Small pieces of HTTP that the gateway's own endpoints share: cookies, problems, form tokens,
//! and where a person may be sent.

pub mod cookies;
pub mod form_token;
pub mod problem;
pub mod requests;
pub mod return_to;
