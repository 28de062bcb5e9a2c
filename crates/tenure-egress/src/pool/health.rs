//! What probes found out about an address.
//!
//! An address serves only while it is known to be the one that sites see. What probes find is counted by the day, so
//! that availability can be told of the last thirty.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is known yet; it is probed before it serves.
    Unproven,
    /// It works.
    Up,
    /// The last probe failed; it serves, until more do.
    Suspect,
    /// It does not work, and serves nobody.
    Down,
    /// Sites see another address than they should; it serves nobody until they have not for several probes.
    Quarantined,
    /// It works, for who has it, and is given to nobody else.
    Retired,
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Up => "up",
            Self::Suspect => "suspect",
            Self::Down => "down",
            Self::Quarantined => "quarantined",
            Self::Retired => "retired",
        }
    }
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It works, and sites see the right address.
    Good,
    /// It does not work: why, in words.
    Failed(String),
    /// Sites see this address instead.
    OtherExit(IpAddr),
}

/// How many probes in a row fail before an address is down.
const FAILURES: u32 = 3;
/// How many probes in a row are good before a quarantine ends.
const PROOFS: u32 = 3;
/// How many days are counted.
const DAYS: usize = 30;

/// What is known of an address.
#[derive(Debug, Default)]
pub struct Health {
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    state: State,
    /// Probes in a row that said otherwise than the state does.
    against: u32,
    trouble: Option<String>,
    days: VecDeque<Day>,
}

impl Default for Known {
    fn default() -> Self {
        Self { state: State::Unproven, against: 0, trouble: None, days: VecDeque::new() }
    }
}

#[derive(Debug, Clone, Copy)]
struct Day {
    number: u64,
    good: u32,
    all: u32,
}

/// A change of state, for who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What it was.
    pub from: State,
    /// What it is.
    pub to: State,
}

impl Health {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the probes say.
    pub fn state(&self) -> State {
        self.known().state
    }

    /// What was wrong when a probe last failed, in words, if it still is.
    pub fn trouble(&self) -> Option<String> {
        self.known().trouble.clone()
    }

    /// The share of good probes in the last thirty days that there were any.
    pub fn availability(&self) -> Option<f64> {
        let known = self.known();
        let (good, all) = known
            .days
            .iter()
            .fold((0, 0), |(good, all), day| (good + u64::from(day.good), all + u64::from(day.all)));
        #[expect(clippy::cast_precision_loss, reason = "thirty days of probes are far fewer than 2^52")]
        let share = |good: u64, all: u64| good as f64 / all as f64;
        (all > 0).then(|| share(good, all))
    }

    /// Takes in what a probe found, at a time in seconds since 1970.
    pub fn report(&self, finding: &Finding, now: u64) -> Option<Change> {
        let mut known = self.known();
        known.count(matches!(finding, Finding::Good), now / 86_400);
        let from = known.state;
        known.judge(finding);
        let to = known.state;
        (from != to).then_some(Change { from, to })
    }
}

impl Known {
    fn judge(&mut self, finding: &Finding) {
        self.trouble = match finding {
            Finding::Good => None,
            Finding::Failed(why) => Some(why.clone()),
            Finding::OtherExit(seen) => Some(format!("sites see {seen}")),
        };
        match (finding, self.state) {
            (Finding::OtherExit(_), _) => self.become_(State::Quarantined),
            (Finding::Good, State::Quarantined) => {
                self.against += 1;
                if self.against >= PROOFS {
                    self.become_(State::Up);
                }
            }
            (Finding::Good, _) => self.become_(State::Up),
            (Finding::Failed(_), State::Quarantined) => self.against = 0,
            // What has never worked is not given the benefit of the doubt.
            (Finding::Failed(_), State::Unproven) => self.become_(State::Down),
            (Finding::Failed(_), State::Up) => {
                self.become_(State::Suspect);
                self.against = 1;
            }
            (Finding::Failed(_), State::Suspect) => {
                self.against += 1;
                if self.against >= FAILURES {
                    self.become_(State::Down);
                }
            }
            (Finding::Failed(_), State::Down | State::Retired) => {}
        }
    }

    fn become_(&mut self, state: State) {
        self.state = state;
        self.against = 0;
    }

    fn count(&mut self, good: bool, number: u64) {
        if self.days.back().is_none_or(|day| day.number < number) {
            self.days.push_back(Day { number, good: 0, all: 0 });
        }
        if let Some(day) = self.days.back_mut() {
            day.all = day.all.saturating_add(1);
            day.good = day.good.saturating_add(u32::from(good));
        }
        while self.days.len() > DAYS {
            self.days.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Finding {
        Finding::Failed("nobody answers".into())
    }

    fn states(findings: &[Finding]) -> Vec<State> {
        let health = Health::default();
        let after = |finding| {
            health.report(finding, 0);
            health.state()
        };
        findings.iter().map(after).collect()
    }

    #[test]
    fn one_failure_is_a_suspicion_and_three_are_down() {
        use Finding::Good;
        use State::{Down, Suspect, Up};
        assert_eq!(
            states(&[Good, failed(), failed(), failed(), failed(), Good]),
            [Up, Suspect, Suspect, Down, Down, Up]
        );
        assert_eq!(states(&[Good, failed(), Good]), [Up, Suspect, Up]);
        assert_eq!(states(&[failed()]), [Down], "what has never worked is down at once");
    }

    #[test]
    fn another_exit_is_a_quarantine_until_it_was_right_for_a_while() {
        use Finding::Good;
        use State::{Quarantined, Up};
        let other = Finding::OtherExit([192, 0, 2, 1].into());
        assert_eq!(
            states(&[Good, other, Good, failed(), Good, Good, Good]),
            [Up, Quarantined, Quarantined, Quarantined, Quarantined, Quarantined, Up]
        );
    }

    #[test]
    fn availability_is_of_the_last_thirty_days() {
        let health = Health::default();
        assert_eq!(health.availability(), None);
        for number in 0..1000 {
            let finding = if number == 500 { failed() } else { Finding::Good };
            health.report(&finding, 0);
        }
        assert_eq!(health.availability(), Some(0.999));
        for day in 1..=30 {
            health.report(&Finding::Good, day * 86_400);
        }
        assert_eq!(health.availability(), Some(1.0));
    }
}
