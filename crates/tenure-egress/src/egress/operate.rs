//! What operators ask for: listing, moving, releasing, looking for what is wrong.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::lease::LeaseError;
use crate::pool::{Member, State, Via};
use crate::{AccountName, Family};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// Every lease and every address.
    Leases,
    /// The same, after each address was tried.
    Doctor,
    /// Another address for an account.
    Move {
        /// Whose.
        account: String,
        /// Of which family.
        family: Family,
        /// To which address; else to the first that has the account's tags.
        to: Option<IpAddr>,
    },
    /// No address for an account.
    Release {
        /// Whose.
        account: String,
        /// Of which family.
        family: Family,
    },
}

/// Every lease and every address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// The leases, by account.
    pub leases: Vec<LeaseRow>,
    /// The addresses, in the order of the configuration.
    pub addresses: Vec<AddressRow>,
}

/// A lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeaseRow {
    /// Whose it is.
    pub account: String,
    /// Which person's account that is, if that was said.
    pub person: Option<String>,
    /// Its family.
    pub family: Family,
    /// What sites see.
    pub address: IpAddr,
    /// What the operator calls it; `None` if it is not in the pool any more.
    pub name: Option<String>,
    /// How it is.
    pub state: String,
    /// Since when it is theirs, in seconds since 1970.
    pub since: u64,
    /// Connections that are open now.
    pub open: u64,
    /// Connections since the start.
    pub opened: u64,
    /// Bytes to sites since the start.
    pub sent: u64,
    /// Bytes from sites since the start.
    pub received: u64,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddressRow {
    /// What the operator calls it.
    pub name: String,
    /// What sites see.
    pub address: IpAddr,
    /// `local` or `upstream`.
    pub kind: String,
    /// How it is.
    pub state: String,
    /// What is wrong with it.
    pub trouble: Option<String>,
    /// Where it is.
    pub country: Option<String>,
    /// Which network it is of.
    pub network: Option<String>,
    /// Whose it is.
    pub account: Option<String>,
    /// For how many seconds more it is nobody else's.
    pub cooling: Option<u64>,
    /// The share of good probes in the last thirty days, or since the start.
    pub availability: Option<f64>,
}

/// What an address was and is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Whose.
    pub account: String,
    /// The old one.
    pub from: IpAddr,
    /// The new one; `None` if there is none now.
    pub to: Option<IpAddr>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// To a question.
    Listing(Listing),
    /// To a move or release that was done.
    Moved(Moved),
    /// Nothing was done: why.
    Refused(String),
}

/// Does what is asked for.
pub async fn perform(exit: &Exit, cool_off: Duration, request: Request) -> Answer {
    match request {
        Request::Leases => Answer::Listing(listing(exit)),
        Request::Doctor => {
            for member in exit.pool.list() {
                exit.prove(&member, Duration::ZERO).await;
            }
            Answer::Listing(listing(exit))
        }
        Request::Move { account, family, to } => {
            let account = AccountName::new(&account);
            match relocate(exit, &account, family, to, cool_off).await {
                Ok((from, to)) => moved(exit, &account, from, Some(to)),
                Err(why) => Answer::Refused(why),
            }
        }
        Request::Release { account, family } => {
            let account = AccountName::new(&account);
            let (leases, whose) = (Arc::clone(&exit.leases), account.clone());
            let releasing = move || leases.release(&whose, family, cool_off);
            match tokio::task::spawn_blocking(releasing).await {
                Ok(Ok(from)) => moved(exit, &account, from, None),
                Ok(Err(error)) => Answer::Refused(error.to_string()),
                Err(error) => Answer::Refused(error.to_string()),
            }
        }
    }
}

async fn relocate(
    exit: &Exit,
    account: &AccountName,
    family: Family,
    to: Option<IpAddr>,
    cool_off: Duration,
) -> Result<(IpAddr, IpAddr), String> {
    let candidates = match to {
        None => {
            let free =
                exit.pool.list().into_iter().filter(|member| exit.leases.holder(member.entry.exit).is_none());
            for member in free.filter(|member| member.health.state() == State::Unproven) {
                exit.prove(&member, Duration::from_secs(1)).await;
            }
            exit.pool.candidates(family, &exit.accounts.tags(account))
        }
        Some(address) => {
            let member = exit.pool.find(address).ok_or_else(|| format!("{address} is not in the pool"))?;
            exit.prove(&member, Duration::ZERO).await;
            if member.state() != State::Up {
                let trouble =
                    member.health.trouble().map(|trouble| format!(": {trouble}")).unwrap_or_default();
                return Err(format!("{address} is {}{trouble}", member.state().name()));
            }
            if let Some(holder) = exit.leases.holder(address) {
                return Err(format!("{address} is leased to {holder}"));
            }
            if Family::of(address) != family {
                return Err(format!("{address} is not of the family {family}"));
            }
            vec![address]
        }
    };
    let relocated =
        tokio::task::block_in_place(|| exit.leases.relocate(account, family, candidates, cool_off));
    relocated.map_err(|error| match (error, to) {
        (LeaseError::NoneFree, Some(address)) => LeaseError::Cooling(address).to_string(),
        (error, _) => error.to_string(),
    })
}

/// What the account has open was open by the old address, so it is cut.
fn moved(exit: &Exit, account: &AccountName, from: IpAddr, to: Option<IpAddr>) -> Answer {
    exit.accounts.cut(account);
    tracing::info!(event = "lease_moved", %account, %from, to = to.map(|to| to.to_string()), "an operator changed a lease");
    Answer::Moved(Moved { account: account.as_str().into(), from, to })
}

fn listing(exit: &Exit) -> Listing {
    let people = exit.accounts.list();
    let lease = |lease: crate::lease::Lease| {
        let member = exit.pool.find(lease.address);
        let reading = exit.meters.of(&lease.account).read();
        let account = people.iter().find(|account| account.name == lease.account.as_str());
        LeaseRow {
            account: lease.account.as_str().into(),
            person: account.and_then(|account| account.person.clone()),
            family: Family::of(lease.address),
            address: lease.address,
            name: member.as_ref().map(|member| member.entry.name.clone()),
            state: member.map_or("gone", |member| member.state().name()).into(),
            since: lease.since,
            open: reading.open,
            opened: reading.opened,
            sent: reading.sent,
            received: reading.received,
        }
    };
    Listing {
        leases: exit.leases.list().into_iter().map(lease).collect(),
        addresses: exit.pool.list().iter().map(|member| address_row(exit, member)).collect(),
    }
}

fn address_row(exit: &Exit, member: &Member) -> AddressRow {
    let address = member.entry.exit;
    AddressRow {
        name: member.entry.name.clone(),
        address,
        kind: match member.entry.via {
            Via::Local(_) => "local".into(),
            Via::Upstream(_) => "upstream".into(),
        },
        state: member.state().name().into(),
        trouble: member.health.trouble(),
        country: member.entry.tags.country.clone(),
        network: member.entry.tags.network.clone(),
        account: exit.leases.holder(address).map(|account| account.as_str().to_owned()),
        cooling: exit.leases.cooling(address).map(|left| left.as_secs()),
        availability: member.health.availability(),
    }
}
