//! Looking names up: once for each connection, by the system's resolver, which knows the operator's caches and files.
//!
//! The resolver blocks, so it has threads of its own, no more than some at once.

use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::ranges::numeric;
use crate::{Family, Host, Refusal};

/// How many names are looked up at once; more wait.
const AT_ONCE: usize = 64;

type LookUp = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// Looks names up.
#[derive(Clone)]
pub struct Names {
    look_up: Arc<LookUp>,
    places: Arc<Semaphore>,
    time_limit: Duration,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

impl Names {
    /// By the system's resolver.
    #[must_use]
    pub fn of_system(time_limit: Duration) -> Self {
        let look_up = |name: &str| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect());
        Self::with(look_up, time_limit)
    }

    /// By a function that may block.
    #[must_use]
    pub fn with(
        look_up: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
        time_limit: Duration,
    ) -> Self {
        Self { look_up: Arc::new(look_up), places: Arc::new(Semaphore::new(AT_ONCE)), time_limit }
    }

    /// The addresses of a host in the first of these families that it has any in, and in no other.
    ///
    /// # Errors
    /// [`Refusal::NoSuchHost`], [`Refusal::NameServerFailed`], or [`Refusal::Forbidden`] for names of this host.
    pub async fn find(&self, host: &Host, families: &[Family]) -> Result<(Family, Vec<IpAddr>), Refusal> {
        let found = match host {
            Host::Address(address) => vec![address.to_canonical()],
            Host::Name(name) if is_local(name) => return Err(Refusal::Forbidden),
            Host::Name(name) => match numeric(name) {
                Some(address) => vec![IpAddr::V4(address.ok_or(Refusal::NoSuchHost)?)],
                None => self.look_up(name.clone()).await?,
            },
        };
        let in_family = |family| {
            let addresses: Vec<_> =
                found.iter().copied().filter(|&address| Family::of(address) == family).collect();
            (!addresses.is_empty()).then_some((family, addresses))
        };
        families.iter().find_map(|&family| in_family(family)).ok_or(Refusal::NoSuchHost)
    }

    async fn look_up(&self, name: String) -> Result<Vec<IpAddr>, Refusal> {
        let looking_up = async {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
            let look_up = Arc::clone(&self.look_up);
            let looked_up = tokio::task::spawn_blocking(move || {
                let _held = place;
                look_up(&name)
            });
            looked_up.await.map_err(io::Error::other)?
        };
        match tokio::time::timeout(self.time_limit, looking_up).await {
            Err(_) => Err(Refusal::NameServerFailed),
            Ok(Err(error)) if is_passing(&error) => Err(Refusal::NameServerFailed),
            Ok(Err(_)) => Err(Refusal::NoSuchHost),
            Ok(Ok(addresses)) => Ok(addresses.iter().map(IpAddr::to_canonical).collect()),
        }
    }
}

/// Names that mean the host that looks them up (RFC 6761 §6.3).
fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name == "ip6-localhost" || name == "ip6-loopback"
}

/// The resolver says `EAI_AGAIN` in words only.
fn is_passing(error: &io::Error) -> bool {
    error.to_string().contains("Temporary failure")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Family; 2] = [Family::Ipv4, Family::Ipv6];

    fn names() -> Names {
        let look_up = |name: &str| match name {
            "both.example" => Ok(vec!["2606:4700::1".parse().unwrap(), "1.1.1.1".parse().unwrap()]),
            "six.example" => Ok(vec!["2606:4700::1".parse().unwrap()]),
            "mapped.example" => Ok(vec!["::ffff:10.0.0.1".parse().unwrap()]),
            "again.example" => Err(io::Error::other("Temporary failure in name resolution")),
            _ => Err(io::Error::other("Name or service not known")),
        };
        Names::with(look_up, Duration::from_secs(5))
    }

    async fn find(host: &str, families: &[Family]) -> Result<(Family, Vec<IpAddr>), Refusal> {
        names().find(&Host::parse(host).unwrap(), families).await
    }

    #[tokio::test]
    async fn an_account_of_one_family_never_gets_an_address_of_the_other() {
        let (family, found) = find("both.example", &[Family::Ipv4]).await.unwrap();
        assert_eq!((family, found), (Family::Ipv4, vec!["1.1.1.1".parse().unwrap()]));
        assert_eq!(find("six.example", &[Family::Ipv4]).await, Err(Refusal::NoSuchHost));
        assert_eq!(find("2606:4700::1", &[Family::Ipv4]).await, Err(Refusal::NoSuchHost));
        assert_eq!(find("six.example", &BOTH).await.unwrap().0, Family::Ipv6);
        assert_eq!(find("both.example", &[Family::Ipv6, Family::Ipv4]).await.unwrap().0, Family::Ipv6);
    }

    #[tokio::test]
    async fn every_spelling_is_the_address_that_it_means() {
        let one = |address: &str| Ok((Family::Ipv4, vec![address.parse().unwrap()]));
        assert_eq!(find("2130706433", &BOTH).await, one("127.0.0.1"));
        assert_eq!(find("0x7f.1", &BOTH).await, one("127.0.0.1"));
        assert_eq!(find("::ffff:10.0.0.1", &BOTH).await, one("10.0.0.1"));
        assert_eq!(find("mapped.example", &BOTH).await, one("10.0.0.1"));
    }

    #[tokio::test]
    async fn names_of_this_host_are_never_looked_up() {
        for name in ["localhost", "LOCALHOST.", "a.localhost"] {
            assert_eq!(find(name, &BOTH).await, Err(Refusal::Forbidden), "{name}");
        }
        assert_eq!(find("1.2.3.4.5", &BOTH).await, Err(Refusal::NoSuchHost));
    }

    #[tokio::test]
    async fn a_resolver_that_is_away_is_not_a_name_that_does_not_exist() {
        assert_eq!(find("again.example", &BOTH).await, Err(Refusal::NameServerFailed));
        assert_eq!(find("none.example", &BOTH).await, Err(Refusal::NoSuchHost));
        let slow = Names::with(
            |_| {
                std::thread::sleep(Duration::from_millis(200));
                Ok(Vec::new())
            },
            Duration::from_millis(10),
        );
        let found = slow.find(&Host::parse("a.example").unwrap(), &BOTH).await;
        assert_eq!(found, Err(Refusal::NameServerFailed));
    }
}
