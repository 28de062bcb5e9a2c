//! [`Exit`]: the egress as a [`Way`].

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::datagrams::{Line, Sockets};
use super::dial::{Dialer, Missed};
use super::local;
use super::meters::Meters;
use super::probe::{Echo, probe};
use super::stream::Leaving;
use super::upstream::Association;
use crate::access::Rules;
use crate::accounts::Accounts;
use crate::lease::{LeaseError, Leases};
use crate::pool::{Finding, Member, Pool, Protocol, State, Via};
use crate::{AccountName, Family, Refusal, Secret, Target, Way};

/// How many addresses of a name are tried.
const TRIED: usize = 3;

/// How an exit behaves; it can be changed while it runs.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The families that accounts get addresses of; a name is looked up in the first that it has any in.
    pub families: Vec<Family>,
    /// What may be reached.
    pub rules: Arc<Rules>,
    /// How connections are made.
    pub dialer: Dialer,
    /// What tells the address that sites see.
    pub echo: Option<Echo>,
    /// How many connections an account may have at once.
    pub connections: u64,
    /// Whether the log says where accounts go.
    pub log_destinations: bool,
}

/// The egress's way out.
#[derive(Debug)]
pub struct Exit {
    /// Who may connect.
    pub accounts: Arc<Accounts>,
    /// By which address each leaves.
    pub leases: Arc<Leases>,
    /// What can be leased.
    pub pool: Arc<Pool>,
    /// What is counted.
    pub meters: Meters,
    manner: ArcSwap<Manner>,
}

impl Exit {
    /// A way out.
    #[must_use]
    pub fn new(accounts: Arc<Accounts>, leases: Arc<Leases>, pool: Arc<Pool>, manner: Manner) -> Self {
        let manner = ArcSwap::from_pointee(manner);
        Self { accounts, leases, pool, meters: Meters::default(), manner }
    }

    /// Behaves otherwise from now on.
    pub fn behave(&self, manner: Manner) {
        self.manner.store(Arc::new(manner));
    }

    /// Takes note of the addresses that this host has, which are not to be reached through it.
    pub fn is_at(&self, own: Vec<IpAddr>) {
        let manner = self.manner.load();
        if let Some(rules) = manner.rules.with_own(own) {
            // Should somebody behave otherwise in this moment, the next round takes note again.
            self.manner.compare_and_swap(
                &manner,
                Arc::new(Manner { rules: Arc::new(rules), ..Manner::clone(&manner) }),
            );
        }
    }

    /// Tries a member of the pool, unless somebody else has just done so, and notes what was found.
    pub async fn prove(&self, member: &Member, unless_within: Duration) {
        let mut last = member.probing.lock().await;
        if last.is_some_and(|last| last.elapsed() < unless_within) {
            return;
        }
        let manner = self.manner.load_full();
        let finding = probe(&manner.dialer, &member.entry, manner.echo.as_ref()).await;
        self.note(member, &finding);
        *last = Some(Instant::now());
    }

    fn note(&self, member: &Member, finding: &Finding) {
        let Some(change) = member.health.report(finding, crate::clock::now()) else { return };
        let (address, exit, why) = (&member.entry.name, member.entry.exit, member.health.trouble());
        let (from, to) = (change.from.name(), change.to.name());
        let holder = self.leases.holder(exit);
        let account = holder.as_ref().map(AccountName::as_str);
        if change.to == State::Up {
            tracing::info!(event = "address_state", %address, %exit, account, from, to, "an address works");
        } else {
            tracing::warn!(event = "address_state", %address, %exit, account, from, to, why, "an address has trouble");
        }
        // What was opened before this was noticed may leave by the other address, too.
        if let Some(account) = holder.filter(|_| change.to == State::Quarantined) {
            self.accounts.cut(&account);
        }
    }

    /// The member that an account leaves by, if that works now.
    async fn member(&self, account: &AccountName, family: Family) -> Result<Arc<Member>, Missed> {
        let exit = self.lease(account, family).await?;
        let member = self.pool.find(exit);
        let member =
            member.ok_or_else(|| Missed::by_member(format_args!("{exit} is not in the pool any more")))?;
        if matches!(member.health.state(), State::Unproven | State::Down) {
            let pause = match member.entry.via {
                Via::Local(_) => Duration::from_millis(200),
                Via::Upstream(_) => Duration::from_secs(1),
            };
            self.prove(&member, pause).await;
        }
        match member.state() {
            State::Up | State::Suspect | State::Retired => Ok(member),
            state => {
                let trouble = member.health.trouble().unwrap_or_default();
                Err(Missed::by_member(format_args!("{exit} is {}: {trouble}", state.name())))
            }
        }
    }

    /// The address of an account: the one that it has, or its first.
    async fn lease(&self, account: &AccountName, family: Family) -> Result<IpAddr, Missed> {
        if let Some(exit) = self.leases.find(account, family) {
            return Ok(exit);
        }
        let tags = self.accounts.tags(account);
        self.prove_some(family).await;
        let candidates = self.pool.candidates(family, &tags);
        let (leases, name) = (Arc::clone(&self.leases), account.clone());
        let obtained = tokio::task::spawn_blocking(move || leases.obtain(&name, family, candidates)).await;
        match obtained {
            Ok(Ok(exit)) => {
                tracing::info!(event = "lease_given", %account, %exit, "an account got its address");
                Ok(exit)
            }
            Ok(Err(error @ LeaseError::NoneFree)) => {
                Err(Missed { refusal: Refusal::NoAddress, why: error.to_string(), by_member: false })
            }
            Ok(Err(error)) => Err(Missed::at_site(Refusal::Failed, error)),
            Err(error) => Err(Missed::at_site(Refusal::Failed, error)),
        }
    }

    /// Makes sure that there are addresses to choose a first lease of, right after the start.
    async fn prove_some(&self, family: Family) {
        let unproven = self.pool.list().into_iter().filter(|member| {
            Family::of(member.entry.exit) == family
                && member.health.state() == State::Unproven
                && self.leases.holder(member.entry.exit).is_none()
        });
        for member in unproven {
            self.prove(&member, Duration::from_secs(1)).await;
            if member.state() == State::Up {
                return;
            }
        }
    }

    async fn open(&self, account: &AccountName, target: &Target) -> Result<(Leaving, Arc<Member>), Missed> {
        let manner = self.manner.load_full();
        let refused = |refusal| Missed::at_site(refusal, refusal);
        if !self.accounts.is_known(account) {
            return Err(refused(Refusal::AccountGone));
        }
        let place = self.meters.of(account).enter(manner.connections);
        let place = place.ok_or_else(|| refused(Refusal::TooMany))?;
        let found = manner.dialer.names.find(&target.host, &manner.families).await;
        let (family, addresses) = found.map_err(refused)?;
        let judged = |address: &IpAddr| manner.rules.judge(*address, target.port).is_ok();
        let mut addresses = addresses.into_iter().filter(judged).take(TRIED).peekable();
        if addresses.peek().is_none() {
            return Err(refused(Refusal::Forbidden));
        }
        let member = self.member(account, family).await?;
        let mut last = refused(Refusal::Failed);
        for address in addresses {
            match manner.dialer.dial(&member.entry, SocketAddr::new(address, target.port)).await {
                Ok(carrier) => {
                    // The lease may have been moved meanwhile.
                    if self.leases.find(account, family) != Some(member.entry.exit) {
                        return Err(Missed::by_member("the lease was moved"));
                    }
                    place.meter().opened();
                    return Ok((Leaving::new(carrier, place), member));
                }
                Err(missed) if missed.by_member => {
                    self.note(&member, &Finding::Failed(missed.why.clone()));
                    return Err(missed);
                }
                Err(missed) => last = missed,
            }
        }
        Err(last)
    }

    async fn sockets(&self, account: &AccountName) -> Result<Sockets, Missed> {
        let manner = self.manner.load_full();
        let refused = |refusal| Missed::at_site(refusal, refusal);
        if !self.accounts.is_known(account) {
            return Err(refused(Refusal::AccountGone));
        }
        let place = self.meters.of(account).enter(manner.connections);
        let place = place.ok_or_else(|| refused(Refusal::TooMany))?;
        let mut of_family = Vec::new();
        for &family in &manner.families {
            let member = self.member(account, family).await?;
            let line = match &member.entry.via {
                Via::Local(address) => Line::Direct(local::udp(address).map_err(Missed::by_member)?),
                Via::Upstream(upstream) if upstream.protocol == Protocol::Socks5 => {
                    Line::Relayed(Association::open(&manner.dialer, upstream).await?)
                }
                Via::Upstream(_) => return Err(refused(Refusal::Unreachable)),
            };
            of_family.push((family, line));
        }
        place.meter().opened();
        Ok(Sockets::new(of_family, Arc::clone(&manner.rules), manner.dialer.names.clone(), place))
    }

    /// Counts and logs a refusal, and gives back what the client is told.
    fn refuse(&self, account: &AccountName, target: Option<&Target>, missed: &Missed) -> Refusal {
        let Missed { refusal, why, .. } = missed;
        self.meters.of(account).refused(*refusal);
        let to = self.manner.load().log_destinations.then_some(target).flatten();
        let to = to.map(ToString::to_string);
        tracing::info!(event = "refused", %account, to, code = refusal.code(), why, "a connection was refused");
        *refusal
    }
}

impl Way for Exit {
    type Stream = Leaving;
    type Datagrams = Sockets;

    async fn authenticate(&self, account: &str, secret: &Secret, peer: IpAddr) -> Option<AccountName> {
        self.accounts.authenticate(account, secret, peer).await
    }

    async fn connect(&self, account: &AccountName, target: &Target) -> Result<Leaving, Refusal> {
        let started = Instant::now();
        match self.open(account, target).await {
            Ok((leaving, member)) => {
                let to = self.manner.load().log_destinations.then(|| target.to_string());
                let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(event = "opened", %account, exit = %member.entry.exit, to, took_ms, "a connection was opened");
                Ok(leaving)
            }
            Err(missed) => Err(self.refuse(account, Some(target), &missed)),
        }
    }

    async fn datagrams(&self, account: &AccountName) -> Result<Sockets, Refusal> {
        match self.sockets(account).await {
            Ok(sockets) => {
                tracing::info!(event = "opened", %account, to = "datagrams", "a socket was opened");
                Ok(sockets)
            }
            Err(missed) => Err(self.refuse(account, None, &missed)),
        }
    }

    async fn gone(&self, account: &AccountName) {
        self.accounts.gone(account).await;
    }
}
