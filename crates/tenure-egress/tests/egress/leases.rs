//! One address for each account, for good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    let refused = socks_with(&world, "ada-work", "ada-home").await;
    assert!(refused, "the secret of one identity does not open the other");
}

/// Whether an account is refused with the secret of another.
async fn socks_with(world: &World, account: &str, other: &str) -> bool {
    let (proxy, secret) = (world.egress.address(), world.secrets[other].clone());
    let account = account.to_owned();
    let tried = tokio::spawn(async move { socks(proxy, &account, &secret, "127.0.0.1", 1).await.is_ok() });
    tried.await.is_err()
}
