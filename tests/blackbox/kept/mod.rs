//! What a person sends while their session is locked is kept, shown and sent once.

mod limits;
mod owners;
mod sending;
pub(crate) mod steps;
mod survival;
