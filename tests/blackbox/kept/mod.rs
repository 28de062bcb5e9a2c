//! What a person sends while their session is locked is kept, shown and sent once.

mod limits;
mod owners;
mod sending;
mod steps;
mod survival;
