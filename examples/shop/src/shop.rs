//! Everything the application remembers: per subject, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::Options;
use crate::cart::Cart;
use crate::chat::Conversation;
use crate::checkout::Order;
use crate::claim::Claim;

pub(crate) struct Shop {
    pub(crate) options: Options,
    /// Turns true when the server stops; endless responses watch it.
    pub(crate) closing: watch::Receiver<bool>,
    people: Mutex<HashMap<String, Person>>,
}

#[derive(Default)]
pub(crate) struct Person {
    pub(crate) cart: Cart,
    pub(crate) orders: Vec<Order>,
    pub(crate) claim: Claim,
    pub(crate) conversation: Arc<Conversation>,
}

impl Shop {
    pub(crate) fn new(options: Options, closing: watch::Receiver<bool>) -> Self {
        Self { options, closing, people: Mutex::default() }
    }

    /// Works on what is known of `subject`, which nobody else touches meanwhile.
    pub(crate) fn person<R>(&self, subject: &str, work: impl FnOnce(&mut Person) -> R) -> R {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(person) = people.get_mut(subject) {
            return work(person);
        }
        work(people.entry(subject.to_owned()).or_default())
    }
}
