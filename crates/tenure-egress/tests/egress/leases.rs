//! One address for each account, for good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure_egress::accounts::AccountFile;
use tenure_egress::egress::{Config, Egress};
use tenure_egress::lease::Leases;
use tenure_egress::lease::medium::{LockedFile, Medium};
use tenure_egress::pool::Tags;
use tenure_egress::settings::Source;
use tenure_egress::{AccountName, Family, Secret, Way as _};
use tokio::io::AsyncReadExt as _;

use crate::world::{Site, World, addresses, socks};

#[tokio::test(flavor = "multi_thread")]
async fn each_account_is_seen_by_one_address_that_no_other_has() {
    const ACCOUNTS: usize = 60;
    const TASKS: usize = 16;
    let names: Vec<String> = (0..ACCOUNTS).map(|number| format!("account-{number}")).collect();
    let pool: Vec<String> = (0..ACCOUNTS).map(|number| format!("127.0.1.{}", number + 1)).collect();
    let world = World::new(
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
        &addresses(&pool.iter().map(String::as_str).collect::<Vec<_>>()),
    )
    .await;
    let site = Site::new().await;
    let world = Arc::new(world);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let (world, names, site) = (Arc::clone(&world), names.clone(), site.address);
        tasks.spawn(async move {
            let mut seen = Vec::new();
            for step in 0..ACCOUNTS {
                let name = &names[(step * 7 + task * 13) % ACCOUNTS];
                seen.push((name.clone(), world.seen(name, site).await.unwrap()));
            }
            seen
        });
    }
    let mut by_account: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for (name, address) in tasks.join_all().await.into_iter().flatten() {
        by_account.entry(name).or_default().insert(address);
    }
    assert!(by_account.values().all(|seen| seen.len() == 1), "{by_account:?}");
    assert_eq!(by_account.values().flatten().collect::<BTreeSet<_>>().len(), ACCOUNTS);
    assert_eq!(site.visits(), ACCOUNTS * TASKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_the_same_after_a_restart() {
    let world = World::new(&["ada", "bob"], &addresses(&["127.0.0.21", "127.0.0.22"])).await;
    let site = Site::new().await;
    let before = (world.seen("bob", site.address).await, world.seen("ada", site.address).await);
    assert_ne!(before.0, before.1);
    let world = world.restart().await;
    let after = (world.seen("bob", site.address).await, world.seen("ada", site.address).await);
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_more_than_addresses_gets_none_and_takes_nobody_s() {
    let world = World::new(&["ada", "bob"], &addresses(&["127.0.0.23"])).await;
    let site = Site::new().await;
    world.seen("ada", site.address).await.unwrap();
    assert_eq!(world.seen("bob", site.address).await, Err(1));
    let head = world.http("bob", &format!("GET http://{}/", site.address)).await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("error=proxy_configuration_error"), "{head}");
    assert_eq!(site.visits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_identities_of_one_person_never_cross() {
    let world = World::new(&["ada-work", "ada-home"], &addresses(&["127.0.0.24", "127.0.0.25"])).await;
    let site = Site::new().await;
    let work = world.seen("ada-work", site.address).await.unwrap();
    let home = world.seen("ada-home", site.address).await.unwrap();
    assert_ne!(work, home);
    let exit = world.egress.exit();
    let crossed = exit.authenticate("ada-work", &world.secrets["ada-home"], [127, 0, 0, 1].into()).await;
    assert_eq!(crossed, None, "the secret of one identity does not open the other");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_accounts_have_an_address_each_and_keep_it() {
    const ACCOUNTS: u16 = 10_000;
    let address = |number: u16| {
        let [high, low] = number.to_be_bytes();
        std::net::IpAddr::from([127, 1, high, low])
    };
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let secrets = AccountFile::change(&state.join("accounts"), |all| {
        (0..ACCOUNTS).map(|number| all.add(&format!("account-{number}"), None, Tags::default())).collect()
    });
    let secrets: Vec<Secret> = secrets.unwrap();
    let leases = Leases::with(Hasty(LockedFile::open(&state.join("leases")).unwrap()), || 0).unwrap();
    // The address of an account is not the one of its place, so that a fresh choice would be another one.
    let leased = |number: u16| address(ACCOUNTS - number);
    for number in 0..ACCOUNTS {
        let account = AccountName::new(&format!("account-{number}"));
        leases.obtain(&account, Family::Ipv4, [leased(number)]).unwrap();
    }
    drop(leases);
    let pool: String = (0..=ACCOUNTS)
        .map(|number| format!("[[egress.address]]\naddress = \"{}\"\n", address(number)))
        .collect();
    let text =
        format!("[egress]\nlisten = \"127.0.0.1:0\"\nstate = {state:?}\nallow = [\"127.0.0.0/8\"]\n{pool}");
    let egress = Egress::start(&Config::read(&Source::of_text(&text)).unwrap()).await.unwrap();
    let site = Site::new().await;
    for number in (0..ACCOUNTS).step_by(37) {
        let name = format!("account-{number}");
        let opened =
            socks(egress.address(), &name, &secrets[usize::from(number)], "127.0.0.1", site.address.port());
        let mut seen = String::new();
        opened.await.unwrap().read_to_string(&mut seen).await.unwrap();
        assert_eq!(seen.trim(), leased(number).to_string());
    }
}

/// A file that is not made durable each time: there is no crash in this test, and ten thousand changes.
struct Hasty(LockedFile);

impl Medium for Hasty {
    fn read(&mut self) -> std::io::Result<Vec<u8>> {
        self.0.read()
    }

    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.append(bytes)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn replace(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.replace(bytes)
    }
}
