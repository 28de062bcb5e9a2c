//! The life of a session, as its callers see it.

mod ending;
mod looking;
mod tokens;
mod waiting;
