//! The pool: the addresses that can be leased, and how each of them is.
//!
//! * [`entry`]: what the operator says of an address.
//! * [`health`]: what probes found out about it.

pub mod entry;
pub mod health;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;

pub use entry::{Entry, Local, Protocol, Tags, Upstream, Via};
pub use health::{Finding, Health, State};

use crate::Family;

/// An address of the pool.
#[derive(Debug)]
pub struct Member {
    /// What the operator says of it.
    pub entry: Entry,
    /// How it is.
    pub health: Health,
    /// One probe at a time; when the last one ended.
    pub(crate) probing: tokio::sync::Mutex<Option<Instant>>,
}

impl Member {
    /// What to call its state: what probes say, or that it is retired.
    pub fn state(&self) -> State {
        match self.health.state() {
            State::Up | State::Unproven if self.entry.retired => State::Retired,
            state => state,
        }
    }
}

/// The addresses that can be leased, in the order of the configuration.
#[derive(Debug, Default)]
pub struct Pool {
    members: ArcSwap<Members>,
}

#[derive(Debug, Default)]
struct Members {
    in_order: Vec<Arc<Member>>,
    by_exit: HashMap<IpAddr, Arc<Member>>,
}

impl Pool {
    /// A pool of these entries, none of which has been proven yet.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        let pool = Self::default();
        pool.replace(entries);
        pool
    }

    /// Takes over other entries. Those that stay as they were keep what is known of them.
    pub fn replace(&self, entries: Vec<Entry>) {
        let before = self.members.load();
        let member = |entry: Entry| match before.by_exit.get(&entry.exit) {
            Some(member) if member.entry == entry => Arc::clone(member),
            _ => Arc::new(Member { entry, health: Health::default(), probing: Default::default() }),
        };
        let in_order: Vec<_> = entries.into_iter().map(member).collect();
        let by_exit = in_order.iter().map(|member| (member.entry.exit, Arc::clone(member))).collect();
        self.members.store(Arc::new(Members { in_order, by_exit }));
    }

    /// The member that sites see as this address.
    pub fn find(&self, exit: IpAddr) -> Option<Arc<Member>> {
        self.members.load().by_exit.get(&exit).cloned()
    }

    /// The member of this name.
    pub fn named(&self, name: &str) -> Option<Arc<Member>> {
        self.members.load().in_order.iter().find(|member| member.entry.name == name).cloned()
    }

    /// Every member, in the order of the configuration.
    pub fn list(&self) -> Vec<Arc<Member>> {
        self.members.load().in_order.clone()
    }

    /// What a first lease may be of: an address of that family with these tags that is up.
    pub fn candidates(&self, family: Family, tags: &Tags) -> Vec<IpAddr> {
        let members = self.members.load();
        let fits = |member: &&Arc<Member>| {
            Family::of(member.entry.exit) == family
                && member.entry.tags.satisfy(tags)
                && member.state() == State::Up
        };
        members.in_order.iter().filter(fits).map(|member| member.entry.exit).collect()
    }
}
