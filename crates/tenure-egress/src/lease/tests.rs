//! Exclusive, durable, also in crashes and under many hands at once.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

use super::*;

fn addresses(count: u16) -> Vec<IpAddr> {
    (0..count).map(|number| [10, 0, number.to_be_bytes()[0], number.to_be_bytes()[1]].into()).collect()
}

fn account(number: usize) -> AccountName {
    AccountName::new(&format!("account-{number}"))
}

const EARLY: fn() -> u64 = || 1000;
const LATE: fn() -> u64 = || 1_000_000;

/// A disk that stops after some steps, and then has what was made durable, and by chance more.
#[derive(Debug, Clone)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    durable: Vec<u8>,
    written: Vec<u8>,
    /// How many more steps succeed.
    steps: usize,
    crashed: bool,
}

impl Disk {
    fn new(steps: usize) -> Self {
        Self(Arc::new(Mutex::new(Platter { steps, ..Platter::default() })))
    }

    /// One step; whether it still succeeds.
    fn step(&self) -> io::Result<MutexGuard<'_, Platter>> {
        let mut platter = self.0.lock().unwrap();
        if platter.steps == 0 {
            platter.crashed = true;
            return Err(io::Error::other("crashed"));
        }
        platter.steps -= 1;
        Ok(platter)
    }

    fn crashed(&self) -> bool {
        self.0.lock().unwrap().crashed
    }

    /// What is found after the crash if `share` of 256 of what was not durable got there all the same.
    fn found(&self, share: usize) -> Self {
        let platter = self.0.lock().unwrap();
        let mut durable = platter.durable.clone();
        if let Some(more) = platter.written.strip_prefix(durable.as_slice()) {
            durable.extend_from_slice(&more[..more.len() * share / 256]);
        }
        let written = durable.clone();
        Self(Arc::new(Mutex::new(Platter { durable, written, steps: usize::MAX, crashed: false })))
    }
}

impl Medium for Disk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.0.lock().unwrap().written.clone())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.step()?.written.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut platter = self.step()?;
        platter.durable = platter.written.clone();
        Ok(())
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Written beside and made durable there, then renamed, then the folder made durable.
        drop(self.step()?);
        drop(self.step()?);
        let mut platter = self.step()?;
        platter.written = bytes.to_vec();
        platter.durable = bytes.to_vec();
        Ok(())
    }
}

#[test]
fn many_hands_at_once_get_one_address_each_and_always_the_same() {
    const ACCOUNTS: usize = 1000;
    let leases = Leases::with(Disk::new(usize::MAX), EARLY).unwrap();
    let pool = addresses(1000);
    let seen: Vec<HashMap<usize, IpAddr>> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..16)
            .map(|hand| {
                let (leases, pool) = (&leases, &pool);
                scope.spawn(move || {
                    // Each in another order, each over all accounts.
                    let order = (0..ACCOUNTS).map(|step| (step * 7 + hand * 61) % ACCOUNTS);
                    let obtain = |number| {
                        let address = leases.obtain(&account(number), Family::Ipv4, pool.iter().copied());
                        (number, address.unwrap())
                    };
                    order.map(obtain).collect()
                })
            })
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    let first = &seen[0];
    assert!(seen.iter().all(|each| each == first));
    assert_eq!(first.values().collect::<HashSet<_>>().len(), ACCOUNTS);
    let none = leases.obtain(&account(ACCOUNTS), Family::Ipv4, pool.iter().copied());
    assert!(matches!(none, Err(LeaseError::NoneFree)));
}

#[test]
fn whatever_was_given_is_still_given_after_a_crash_at_any_step() {
    let pool = addresses(40);
    let candidates = || pool.iter().copied();
    let mut crashes = 0;
    for steps in 0.. {
        let disk = Disk::new(steps);
        // What was acknowledged: the address of each account, or that it was taken back.
        let mut given: HashMap<usize, Option<IpAddr>> = HashMap::new();
        let mut touched = None;
        if let Ok(leases) = Leases::with(disk.clone(), EARLY) {
            for number in 0..24 {
                touched = Some(number);
                let Ok(address) = leases.obtain(&account(number), Family::Ipv4, candidates()) else { break };
                given.insert(number, Some(address));
                if number % 3 == 0 {
                    let moved = leases.relocate(
                        &account(number),
                        Family::Ipv4,
                        candidates(),
                        Duration::from_secs(60),
                    );
                    let Ok((_, to)) = moved else { break };
                    given.insert(number, Some(to));
                }
                if number % 5 == 0 {
                    if leases.release(&account(number), Family::Ipv4, Duration::from_secs(60)).is_err() {
                        break;
                    }
                    given.insert(number, None);
                }
                touched = None;
            }
        }
        for share in [0, 1, 100, 200, 255, 256] {
            let leases = Leases::with(disk.found(share), EARLY).unwrap();
            for (&number, &address) in &given {
                // The change under way when it crashed may be there or not.
                if touched != Some(number) {
                    assert_eq!(
                        leases.find(&account(number), Family::Ipv4),
                        address,
                        "step {steps}, share {share}"
                    );
                }
            }
            let held: Vec<_> = leases.list().iter().map(|lease| lease.address).collect();
            assert_eq!(held.iter().collect::<HashSet<_>>().len(), held.len());
            // And it goes on: everybody can get one, no two the same.
            for number in 0..24 {
                leases.obtain(&account(number), Family::Ipv4, candidates()).unwrap();
            }
        }
        if !disk.crashed() {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 60, "{crashes} crashes");
}

#[test]
fn a_journal_that_grew_is_written_anew_and_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leases");
    let pool = addresses(4);
    {
        let leases = Leases::open(&path).unwrap();
        for _ in 0..600 {
            leases.obtain(&account(1), Family::Ipv4, pool.iter().copied()).unwrap();
            leases.release(&account(1), Family::Ipv4, Duration::ZERO).unwrap();
        }
        leases.obtain(&account(1), Family::Ipv4, pool.iter().copied()).unwrap();
        leases.obtain(&account(2), Family::Ipv4, pool.iter().copied()).unwrap();
    }
    let lines = std::fs::read_to_string(&path).unwrap().lines().count();
    assert!(lines < 600, "{lines} lines");
    let leases = Leases::open(&path).unwrap();
    assert_eq!(leases.find(&account(1), Family::Ipv4), Some(pool[0]));
    assert_eq!(leases.find(&account(2), Family::Ipv4), Some(pool[1]));
}

#[test]
fn one_process_at_a_time_has_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leases");
    let first = Leases::open(&path).unwrap();
    assert!(
        matches!(Leases::open(&path), Err(JournalError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock)
    );
    drop(first);
    assert!(Leases::open(&path).is_ok());
}

#[test]
fn damage_that_no_crash_makes_keeps_the_egress_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leases");
    let leases = Leases::open(&path).unwrap();
    for number in 0..3 {
        leases.obtain(&account(number), Family::Ipv4, addresses(3)).unwrap();
    }
    drop(leases);
    let good = std::fs::read(&path).unwrap();
    let mut damaged = good.clone();
    let second_line = good.iter().position(|&byte| byte == b'\n').unwrap() + 20;
    damaged[second_line] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    assert!(matches!(Leases::open(&path), Err(JournalError::Damaged(2))));
    std::fs::write(&path, "something else\n").unwrap();
    assert!(matches!(Leases::open(&path), Err(JournalError::Foreign)));
    // A cut-off end is what a crash leaves.
    std::fs::write(&path, &good[..good.len() - 5]).unwrap();
    assert_eq!(Leases::open(&path).unwrap().list().len(), 2);
}

#[test]
fn a_released_address_is_nobody_else_s_until_it_has_cooled_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leases");
    let pool = addresses(1);
    let early = Leases::with(LockedFile::open(&path).unwrap(), EARLY).unwrap();
    early.obtain(&account(1), Family::Ipv4, pool.iter().copied()).unwrap();
    early.release(&account(1), Family::Ipv4, Duration::from_secs(500_000)).unwrap();
    let for_another = early.obtain(&account(2), Family::Ipv4, pool.iter().copied());
    assert!(matches!(for_another, Err(LeaseError::NoneFree)));
    assert_eq!(early.cooling(pool[0]), Some(Duration::from_secs(500_000)));
    drop(early);
    let late = Leases::with(LockedFile::open(&path).unwrap(), LATE).unwrap();
    assert_eq!(late.obtain(&account(2), Family::Ipv4, pool.iter().copied()).unwrap(), pool[0]);
}

#[test]
fn nothing_is_given_once_a_write_has_failed() {
    let disk = Disk::new(5);
    let leases = Leases::with(disk, EARLY).unwrap();
    leases.obtain(&account(1), Family::Ipv4, addresses(9)).unwrap();
    for number in 2..5 {
        assert!(matches!(
            leases.obtain(&account(number), Family::Ipv4, addresses(9)),
            Err(LeaseError::Journal(_))
        ));
    }
    assert!(leases.find(&account(1), Family::Ipv4).is_some(), "what was given can still be used");
}
