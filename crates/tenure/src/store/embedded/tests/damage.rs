//! Bytes that have changed in the files of a store that is closed. It opens without what is damaged, or says which
//! file it is; and nobody who had signed out is let in.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

struct Closed {
    fixture: Fixture,
    live: Vec<(String, SessionId)>,
    ended: Vec<String>,
}

impl Closed {
    /// Some sessions; every third has ended. `tables`: as many are in tables, not in a journal only.
    async fn new(tables: bool) -> Self {
        let fixture = Fixture::new();
        let (sessions, _) = fixture.open();
        let (mut live, mut ended) = (Vec::new(), Vec::new());
        let mut all = Vec::new();
        for number in 0..12 {
            all.push(sign_in(&sessions, &fixture.policy, &format!("person {number}")).await);
        }
        for (number, (token, id)) in all.into_iter().enumerate() {
            if number % 3 == 0 {
                sessions.end(id, EndReason::SignedOut, Actor::Person).await.unwrap();
                ended.push(token);
            } else {
                live.push((token, id));
            }
        }
        if tables {
            let flush = |open: &engine::Open| open.space(Space::Sessions).rotate_memtable_and_wait();
            sessions.store().inner.engine.read(flush).unwrap();
        }
        drop(sessions);
        // With the next start its journal ends where it is written to; before, there are many zeros.
        drop(fixture.open());
        Self { fixture, live, ended }
    }

    fn path(&self) -> &Path {
        self.fixture.folder.path()
    }

    fn journal(&self) -> PathBuf {
        journals(self.path()).pop().unwrap()
    }

    /// Opens a copy of the store in which something has been done to a file.
    fn open_with(
        &self,
        file: &Path,
        change: impl FnOnce(&mut Vec<u8>),
    ) -> (tempfile::TempDir, Result<(EmbeddedStore, Recovery), OpenError>) {
        let copy = copy_of(self.path());
        let file = copy.path().join(file.strip_prefix(self.path()).unwrap());
        let mut bytes = fs::read(&file).unwrap();
        change(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let options =
            EmbeddedOptions::new(copy.path(), self.fixture.keys.clone(), self.fixture.clock.clone());
        let opened = EmbeddedStore::open(options);
        (copy, opened)
    }

    /// How many live sessions pass. Whoever does not is told that it is for the damage.
    async fn passing(&self, store: EmbeddedStore) -> usize {
        let (policy, here) = (&self.fixture.policy, Audience::of_host(HOST));
        let sessions =
            Sessions::new(store, self.fixture.keys.clone(), self.fixture.clock.clone(), policy.clone());
        for token in &self.ended {
            let outcome = sessions.judge(token, here, &Request::passive(policy)).await.unwrap();
            assert!(!outcome.passes(), "a session that had ended is back");
        }
        let mut passing = 0;
        for (token, _) in &self.live {
            let outcome = sessions.judge(token, here, &Request::passive(policy)).await.unwrap();
            if outcome.passes() {
                passing += 1;
            } else {
                let lost = Outcome::Missing(MissingReason::CookieUnknown);
                let corrupted = Some(Reason::Ended(EndReason::Corrupted));
                assert!(outcome.reason() == corrupted || outcome == lost, "{outcome:?}");
            }
        }
        passing
    }
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut journals: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "jnl")).collect();
    journals.sort();
    journals
}

fn used(file: &Path) -> usize {
    fs::read(file).unwrap().iter().rposition(|byte| *byte != 0).unwrap() + 1
}

fn place_of(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).unwrap()
}

#[tokio::test]
async fn a_changed_byte_anywhere_in_the_journal_lets_nobody_back_in_and_costs_one_session_at_most() {
    let closed = Closed::new(false).await;
    let journal = closed.journal();
    let used = used(&journal);
    let (mut opened, mut refused) = (0, 0);
    // A step without a common divisor with the length of any record.
    for at in (0..used).step_by((used / 60) | 1) {
        match closed.open_with(&journal, |bytes| bytes[at] ^= 0x20) {
            (_copy, Ok((store, recovery))) => {
                opened += 1;
                let passing = closed.passing(store).await;
                assert!(passing + 1 >= closed.live.len(), "byte {at}: {passing} are left; {recovery:?}");
            }
            (_copy, Err(OpenError::Damaged { path, reason })) => {
                refused += 1;
                assert!(path.ends_with("0.jnl") || path.ends_with("1.jnl"), "{path:?}");
                assert!(reason.contains("damaged at byte"), "{reason}");
            }
            (_copy, Err(other)) => panic!("byte {at}: {other}"),
        }
    }
    assert!(opened > 3 * refused, "{opened} opened, {refused} refused");
}

#[tokio::test]
async fn a_damaged_record_in_the_journal_stays_the_only_one_and_the_journal_is_kept_for_a_look() {
    let closed = Closed::new(false).await;
    let journal = closed.journal();
    let hurt = closed.live[3].1;
    let (copy, opened) = closed.open_with(&journal, |bytes| {
        let at = place_of(bytes, hurt.as_bytes());
        bytes[at + 100] ^= 1;
    });
    let (store, recovery) = opened.unwrap();
    assert_eq!(recovery.corrupted, [hurt]);
    assert_eq!(closed.passing(store).await, closed.live.len() - 1);
    assert!(copy.path().join(journal.file_name().unwrap()).with_extension("jnl.damaged").exists());
    let options =
        EmbeddedOptions::new(copy.path(), closed.fixture.keys.clone(), closed.fixture.clock.clone());
    let (_store, recovery) = EmbeddedStore::open(options).unwrap();
    assert_eq!(recovery.corrupted, [hurt], "it is so at every start");
}

#[tokio::test]
async fn a_write_that_was_not_finished_is_cut_off() {
    let closed = Closed::new(false).await;
    let journal = closed.journal();
    let used = used(&journal);
    for (missing, hole) in [(1, 0), (9, 0), (20, 0), (0, 1)] {
        let (_copy, opened) = closed.open_with(&journal, |bytes| {
            bytes[used - missing..].fill(0);
            // Pages reach the disk in any order.
            bytes[used - 13 - hole..used - 13].fill(0);
        });
        let (store, recovery) = opened.unwrap();
        assert_eq!((recovery.corrupted.len(), recovery.was_closed), (0, false), "{missing} {hole}");
        assert_eq!(closed.passing(store).await, closed.live.len());
    }
}

#[tokio::test]
async fn when_a_part_of_the_journal_is_gone_nothing_is_opened_and_nothing_is_changed() {
    let closed = Closed::new(false).await;
    let journal = closed.journal();
    let used = used(&journal);
    let (copy, opened) = closed.open_with(&journal, |bytes| bytes[used / 2..used / 2 + 512].fill(0));
    let Err(error) = opened else { panic!("an ending may be missing") };
    assert!(matches!(&error, OpenError::Damaged { path, .. } if path.starts_with(copy.path())));
    let text = error.to_string();
    assert!(text.contains(".jnl") && text.contains("move the whole folder away"), "{text}");
    let now = fs::read(copy.path().join(journal.file_name().unwrap())).unwrap();
    let mut expected = fs::read(&journal).unwrap();
    expected[used / 2..used / 2 + 512].fill(0);
    assert!(now == expected, "the journal was changed");
}

/// Every file of the engine but its journals.
fn other_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(other_files(&path));
        } else if !journals(folder).contains(&path) && !path.ends_with("owner") && !path.ends_with("lock") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_changed_byte_in_any_other_file_costs_nothing_or_is_told_with_the_place() {
    let closed = Closed::new(true).await;
    let (mut opened, mut refused) = (0, Vec::new());
    for file in other_files(closed.path()) {
        let len = fs::metadata(&file).unwrap().len() as usize;
        for at in (0..len).step_by(len / 12 + 1) {
            let place = format!("{file:?}, byte {at} of {len}");
            match closed.open_with(&file, |bytes| bytes[at] ^= 0x20) {
                (_copy, Ok((store, recovery))) => {
                    opened += 1;
                    assert_eq!(closed.passing(store).await, closed.live.len(), "{place}: {recovery:?}");
                }
                (_copy, Err(OpenError::Damaged { path, .. })) => refused.push(path),
                (_copy, Err(other)) => panic!("{place}: {other}"),
            }
        }
    }
    assert!(opened > 0, "some bytes are not needed");
    assert!(refused.iter().any(|path| path.parent().unwrap().ends_with("tables")), "{refused:?}");
}
