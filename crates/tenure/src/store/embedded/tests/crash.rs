//! A process that is killed while it signs people in, locks, unlocks and ends. What it acknowledged is there when
//! the store is opened again, and nothing that ended answers.
//!
//! The test starts its own program again as the process to be killed, and reads from a pipe what that
//! acknowledges.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::clock::SteadyClock;
use crate::store::embedded::engine::Batch;
use crate::store::embedded::journal::Disk;
use crate::store::{Ending, OldPrivilege, Rotation};

const ROUNDS: u64 = 8;
const TOUCH_INTERVAL: Duration = Duration::from_millis(50);
const FOLDER: &str = "TENURE_TEST_CRASH_FOLDER";
const FIRST: &str = "TENURE_TEST_CRASH_FIRST";
/// Numbers of sessions in one round.
const PER_ROUND: u64 = 1 << 32;

/// What has happened to a session, as far as it goes; each step comes after the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Nothing,
    SignedIn,
    Locked,
    Unlocked,
    Ended,
}

impl Step {
    const ALL: [Self; 5] = [Self::Nothing, Self::SignedIn, Self::Locked, Self::Unlocked, Self::Ended];
}

fn id(number: u64) -> SessionId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&blake3::hash(&number.to_le_bytes()).as_bytes()[..16]);
    SessionId::from_bytes(bytes)
}

/// The token of a session, before and after its unlock.
fn token(number: u64, unlocked: bool) -> TokenHash {
    let mut bytes = [0; 24];
    let data = [number.to_le_bytes(), u64::from(unlocked).to_le_bytes()].concat();
    bytes.copy_from_slice(&blake3::hash(&data).as_bytes()[..24]);
    TokenHash(bytes)
}

/// A disk that takes its time, as disks do that are not a cache: whoever is told before it is done may be told of
/// what never is.
struct Slow(Arc<Engine>);

impl Disk for Slow {
    fn write(&self, batch: &Batch) -> Result<(), Unavailable> {
        std::thread::sleep(Duration::from_millis(4));
        self.0.write(batch)
    }
}

fn open(folder: &Path, clock: Arc<dyn Clock>) -> (EmbeddedStore, Recovery) {
    let keys = KeyRing::load_or_create(&folder.join("keys"), Timestamp::EPOCH).unwrap();
    let options = EmbeddedOptions {
        touch_interval: TOUCH_INTERVAL,
        ..EmbeddedOptions::new(folder.join("store"), SharedKeys::new(keys), clock)
    };
    EmbeddedStore::open_on(options, TOUCH_INTERVAL, |engine| Box::new(Slow(engine))).unwrap()
}

/// Says something to the parent, whole and at once.
fn say(what: &str, number: u64, more: u64) {
    let line = format!("\n{what} {number} {more}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
}

async fn live_once(store: &EmbeddedStore, clock: &SteadyClock, number: u64) {
    let now = clock.now();
    let session = Session {
        id: id(number),
        subject: Subject::new(&format!("person {}", number % 50)).unwrap(),
        audience: Audience(1),
        state: State::Active,
        assurance: Assurance::Aal1,
        remembered: false,
        signed_in_at: now,
        authenticated_at: now,
        last_activity_at: now,
        rotated_at: now,
        version: Version::FIRST,
    };
    let record = Record { session, details: Details::default(), due_at: now + Duration::from_secs(1800) };
    store.insert(record, token(number, false), Admission::Unlimited).await.unwrap();
    say("SignedIn", number, 0);
    touch(store, clock, number, false).await;
    let since = clock.now();
    step(store, number, None, |record| {
        record.session.state = State::Locked { reason: LockReason::Idle, since }
    })
    .await;
    say("Locked", number, 0);
    if number.is_multiple_of(3) {
        return;
    }
    let old_privilege = OldPrivilege::Locked { reason: LockReason::Idle, since };
    let rotation = Some(Rotation { token: token(number, true), old_privilege });
    let last_activity_at = clock.now();
    step(store, number, rotation, |record| {
        record.session.state = State::Active;
        record.session.last_activity_at = last_activity_at;
    })
    .await;
    say("Unlocked", number, 0);
    touch(store, clock, number, true).await;
    if number.is_multiple_of(2) {
        return;
    }
    let ending = Ending { reason: EndReason::SignedOut, at: clock.now(), by: Actor::Person };
    step(store, number, None, |record| record.end(ending, Timestamp::NEVER)).await;
    say("Ended", number, 0);
}

async fn touch(store: &EmbeddedStore, clock: &SteadyClock, number: u64, unlocked: bool) {
    let found = store.find(&token(number, unlocked)).await.unwrap().unwrap();
    let at = clock.now();
    store.touch(&found, Touch { at, due_at: at + Duration::from_secs(1800) }).await.unwrap();
    say("Touched", number, at.as_millis());
}

async fn step(
    store: &EmbeddedStore,
    number: u64,
    rotation: Option<Rotation>,
    edit: impl FnOnce(&mut Record),
) {
    let mut record = store.load(id(number)).await.unwrap().unwrap();
    edit(&mut record);
    let version = record.session.version;
    store.update(version, Change { record, rotation, if_quiet_since: None }).await.unwrap();
}

/// What the process does that is to be killed.
fn live_until_killed(folder: &Path, first: u64) {
    let clock = Arc::new(SteadyClock::start(Timestamp::EPOCH));
    let (store, _) = open(folder, clock.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(store);
        let tasks: Vec<_> = (0..16)
            .map(|task| {
                let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
                tokio::spawn(async move {
                    for number in (first + task..).step_by(16) {
                        live_once(&store, &clock, number).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_nothing_that_ended_answers() {
    if let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) {
        return live_until_killed(Path::new(&folder), first.parse().unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    let mut touched = HashMap::new();
    for round in 0..ROUNDS {
        // Not the same moment each time: early ones meet the start, late ones a flush of activity.
        let after = 40 * (round + 1);
        run_and_kill(folder.path(), round * PER_ROUND, after as usize, &mut acknowledged, &mut touched);
        check(folder.path(), &mut acknowledged, &touched);
        touched.clear();
    }
    let ended = acknowledged.values().filter(|step| **step == Step::Ended).count();
    assert!(ended > 10, "only {ended} sessions came to their end");
}

fn run_and_kill(
    folder: &Path,
    first: u64,
    lines: usize,
    acknowledged: &mut HashMap<u64, Step>,
    touched: &mut HashMap<u64, Timestamp>,
) {
    let name = std::thread::current().name().unwrap().to_owned();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let &[what, number, more] = words.as_slice() else { continue };
        let (Ok(number), Ok(more)) = (number.parse(), more.parse()) else { continue };
        if what == "Touched" {
            touched.insert(number, Timestamp::from_millis(more));
        } else if let Some(step) = Step::ALL.into_iter().find(|step| format!("{step:?}") == what) {
            acknowledged.insert(number, step);
        }
        seen += 1;
        // What was said before it died is read to the end.
        if seen == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(seen >= lines, "the process ended by itself after {seen} lines");
}

/// Compares the store with what was acknowledged: each session is as far as that, or one step further, which was
/// under way.
fn check(folder: &Path, acknowledged: &mut HashMap<u64, Step>, touched: &HashMap<u64, Timestamp>) {
    let (store, recovery) = open(folder, Arc::new(SteadyClock::start(Timestamp::EPOCH)));
    assert_eq!((recovery.was_closed, recovery.corrupted.len()), (false, 0), "{recovery:?}");
    for (&number, step) in acknowledged.iter_mut() {
        let old = store.inner.find(&token(number, false)).expect("an acknowledged sign-in is there");
        let new = store.inner.find(&token(number, true));
        let now = match (old.session.state, new.is_some()) {
            (State::Active, false) => Step::SignedIn,
            (State::Locked { .. }, false) => Step::Locked,
            (State::Active, true) => Step::Unlocked,
            (State::Ended { .. }, true) => Step::Ended,
            odd => panic!("session {number} is {odd:?} after {step:?}"),
        };
        assert!(now == *step || now as u8 == *step as u8 + 1, "session {number} is {now:?} after {step:?}");
        if let Some(&at) = touched.get(&number).filter(|_| old.session.state == State::Active) {
            assert!(old.session.last_activity_at >= at, "activity of session {number} is missing");
        }
        *step = now;
    }
}
