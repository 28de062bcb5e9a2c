//! How much may be kept: for one request, for a person, and in all.

use std::collections::HashMap;

use tenure::core::Subject;

/// How much may be kept, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest body; 0 keeps nothing.
    pub body: u64,
    /// All that is kept for one person.
    pub person: u64,
    /// All that is kept.
    pub total: u64,
}

/// What is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// The share of the person.
    Person,
    /// All there is.
    Total,
}

/// What a small file is counted as: the list of what is kept takes memory too, so many small ones are not cheaper.
pub const LEAST: u64 = 16 * 1024;

/// Counts what is kept, and what is on its way.
#[derive(Default, Debug)]
pub struct Ledger {
    by_person: HashMap<Subject, u64>,
    total: u64,
}

impl Ledger {
    /// Takes room for this many bytes more, if there is room.
    ///
    /// # Errors
    /// There is none; then nothing was taken.
    pub fn reserve(&mut self, subject: &Subject, bytes: u64, limits: &Limits) -> Result<(), Full> {
        let total = self.total.saturating_add(bytes);
        if total > limits.total {
            return Err(Full::Total);
        }
        let person = self.of(subject).saturating_add(bytes);
        if person > limits.person {
            return Err(Full::Person);
        }
        self.add(subject, bytes);
        Ok(())
    }

    /// Counts what is there already, whatever the limits.
    pub fn add(&mut self, subject: &Subject, bytes: u64) {
        self.total = self.total.saturating_add(bytes);
        let person = self.by_person.entry(subject.clone()).or_default();
        *person = person.saturating_add(bytes);
    }

    /// Gives room back.
    pub fn release(&mut self, subject: &Subject, bytes: u64) {
        self.total = self.total.saturating_sub(bytes);
        if let Some(person) = self.by_person.get_mut(subject) {
            *person = person.saturating_sub(bytes);
            if *person == 0 {
                self.by_person.remove(subject);
            }
        }
    }

    /// What is counted for a person.
    pub fn of(&self, subject: &Subject) -> u64 {
        self.by_person.get(subject).copied().unwrap_or(0)
    }

    /// What is counted in all.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { body: 10, person: 10, total: 15 };

    #[test]
    fn one_person_cannot_take_the_room_of_all_and_all_have_an_end() {
        let (ada, bob) = (Subject::new("ada").unwrap(), Subject::new("bob").unwrap());
        let mut ledger = Ledger::default();
        assert_eq!(ledger.reserve(&ada, 10, &LIMITS), Ok(()));
        assert_eq!(ledger.reserve(&ada, 1, &LIMITS), Err(Full::Person));
        assert_eq!(ledger.reserve(&bob, 6, &LIMITS), Err(Full::Total));
        assert_eq!(ledger.reserve(&bob, 5, &LIMITS), Ok(()));
        ledger.release(&ada, 10);
        assert_eq!((ledger.of(&ada), ledger.of(&bob), ledger.total()), (0, 5, 5));
        assert_eq!(ledger.reserve(&bob, u64::MAX, &LIMITS), Err(Full::Total));
        assert_eq!(ledger.total(), 5, "what is refused takes nothing");
    }
}
