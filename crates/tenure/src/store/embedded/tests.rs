//! What only this store promises; the rest is in the conformance suite.

use super::*;
use crate::clock::ManualClock;
use crate::core::{
    Assurance, Audience, EndReason, LockReason, MissingReason, Policy, Preset, Reason, Request, State,
};
use crate::keys::KeyRing;
use crate::service::{Outcome, Proof, Sessions, SignIn};
use crate::store::Actor;

struct Fixture {
    folder: tempfile::TempDir,
    keys: SharedKeys,
    clock: Arc<ManualClock>,
    policy: Policy,
}

impl Fixture {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
        Self {
            folder: tempfile::tempdir().unwrap(),
            keys: SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap()),
            clock,
            policy: Policy::builder(Preset::General).build().unwrap(),
        }
    }

    fn open(&self) -> (Sessions<EmbeddedStore>, Recovery) {
        let options = EmbeddedOptions::new(self.folder.path(), self.keys.clone(), self.clock.clone());
        let (store, recovery) = EmbeddedStore::open(options).unwrap();
        (Sessions::new(store, self.keys.clone(), self.clock.clone(), self.policy.clone()), recovery)
    }
}

const HOST: &str = "a.example";

async fn sign_in(sessions: &Sessions<EmbeddedStore>, policy: &Policy, name: &str) -> (String, SessionId) {
    let who = SignIn::new(Subject::new(name).unwrap(), Assurance::Aal1, HOST);
    let signed_in = sessions.sign_in(who, policy).await.unwrap();
    (signed_in.token.expose(), signed_in.session.id)
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let fixture = Fixture::new();
    let policy = &fixture.policy;
    let here = Audience::of_host(HOST);
    let (sessions, _) = fixture.open();
    let (active, active_id) = sign_in(&sessions, policy, "ada").await;
    let (locked, locked_id) = sign_in(&sessions, policy, "bob").await;
    let (ended, ended_id) = sign_in(&sessions, policy, "eve").await;
    sessions.lock(locked_id, LockReason::StepUp, Actor::Administrator).await.unwrap();
    sessions.end(ended_id, EndReason::SignedOut, Actor::Person).await.unwrap();
    sessions.put_data(active_id, "cart", b"[1]".to_vec(), Precondition::Absent).await.unwrap();
    fixture.clock.advance(Duration::from_secs(600));
    assert!(sessions.judge(&active, here, &Request::active(policy)).await.unwrap().passes());
    drop(sessions);

    let (sessions, recovery) = fixture.open();
    assert_eq!((recovery.live, recovery.ended, recovery.was_closed), (2, 1, true));
    fixture.clock.advance(Duration::from_secs(1790));
    assert!(
        sessions.judge(&active, here, &Request::active(policy)).await.unwrap().passes(),
        "its activity was kept"
    );
    let reason = |outcome: Outcome| outcome.reason();
    let judged = sessions.judge(&locked, here, &Request::active(policy)).await.unwrap();
    assert_eq!(reason(judged), Some(Reason::Locked(LockReason::StepUp)));
    let judged = sessions.judge(&ended, here, &Request::active(policy)).await.unwrap();
    assert_eq!(reason(judged), Some(Reason::Ended(EndReason::SignedOut)));
    assert_eq!(sessions.data(active_id, "cart").await.unwrap().unwrap().bytes, b"[1]");
    let record = sessions.load(locked_id).await.unwrap().unwrap();
    assert_eq!(record.details.timeline.len(), 2);
}

#[tokio::test]
async fn an_unlocked_session_has_its_new_token_after_a_restart_and_the_old_one_is_out_of_use() {
    let fixture = Fixture::new();
    let (policy, here) = (&fixture.policy, Audience::of_host(HOST));
    let (sessions, _) = fixture.open();
    let (old, _) = sign_in(&sessions, policy, "ada").await;
    fixture.clock.advance(Duration::from_secs(1800));
    let proof = Proof { subject: Subject::new("ada").unwrap(), assurance: Assurance::Aal1 };
    let new = sessions
        .unlock(&old, here, proof, crate::store::Device::default(), policy)
        .await
        .unwrap()
        .token
        .expose();
    assert!(sessions.judge(&new, here, &Request::active(policy)).await.unwrap().passes());
    drop(sessions);
    let (sessions, _) = fixture.open();
    assert!(sessions.judge(&new, here, &Request::active(policy)).await.unwrap().passes());
    fixture.clock.advance(Duration::from_secs(31));
    let judged = sessions.judge(&old, here, &Request::active(policy)).await.unwrap();
    assert_eq!(judged.reason(), Some(Reason::Ended(EndReason::TokenReplayed)));
}

#[tokio::test]
async fn a_damaged_record_is_one_ended_session_and_all_others_go_on() {
    let fixture = Fixture::new();
    let (policy, here) = (&fixture.policy, Audience::of_host(HOST));
    let (sessions, _) = fixture.open();
    let (hurt, hurt_id) = sign_in(&sessions, policy, "ada").await;
    let (well, _) = sign_in(&sessions, policy, "bob").await;
    let engine = Arc::clone(&sessions.store().inner.engine);
    let mut value = engine.get(Space::Sessions, hurt_id.as_bytes()).unwrap().unwrap().to_vec();
    *value.last_mut().unwrap() ^= 1;
    let place = (Space::Sessions, hurt_id.as_bytes().into());
    engine.write(&engine::Batch::from([(place, Some(value.into()))])).unwrap();
    drop(engine);
    drop(sessions);

    let (sessions, recovery) = fixture.open();
    assert_eq!(recovery.corrupted, [hurt_id]);
    let judged = sessions.judge(&hurt, here, &Request::active(policy)).await.unwrap();
    assert_eq!(judged.reason(), Some(Reason::Ended(EndReason::Corrupted)));
    assert!(sessions.judge(&well, here, &Request::active(policy)).await.unwrap().passes());
}

#[tokio::test]
async fn a_store_is_opened_once_and_only_with_its_own_keys() {
    let fixture = Fixture::new();
    let (sessions, _) = fixture.open();
    sign_in(&sessions, &fixture.policy, "ada").await;
    let again = EmbeddedOptions::new(fixture.folder.path(), fixture.keys.clone(), fixture.clock.clone());
    assert!(matches!(EmbeddedStore::open(again), Err(OpenError::InUse { .. })));
    drop(sessions);
    let mut ring = KeyRing::generate(Timestamp::EPOCH).unwrap();
    ring.rotate(Timestamp::EPOCH).unwrap();
    let mut other = KeyRing::generate(Timestamp::EPOCH).unwrap();
    other.rotate(Timestamp::EPOCH).unwrap();
    let strangers =
        EmbeddedOptions::new(fixture.folder.path(), SharedKeys::new(other), fixture.clock.clone());
    let (store, recovery) = EmbeddedStore::open(strangers).unwrap();
    assert_eq!(recovery.corrupted.len(), 1, "a key of the same number but another ring opens nothing");
    drop(store);
}

#[tokio::test]
async fn a_crash_shortens_nobody_s_idle_time_and_wakes_nobody_who_was_over_the_limit() {
    let fixture = Fixture::new();
    let (policy, here) = (&fixture.policy, Audience::of_host(HOST));
    let (sessions, _) = fixture.open();
    let (idle, _) = sign_in(&sessions, policy, "bob").await;
    // Longer over the limit than activity may wait to be written.
    fixture.clock.advance(Duration::from_secs(1830));
    let (busy, busy_id) = sign_in(&sessions, policy, "ada").await;
    fixture.clock.advance(Duration::from_secs(1));
    assert!(sessions.judge(&busy, here, &Request::active(policy)).await.unwrap().passes());
    // The crash: what was to be written behind is lost, and so is the mark of an orderly end.
    let promised =
        sessions.load(busy_id).await.unwrap().unwrap().session.last_activity_at + policy.idle_timeout();
    let crashed = copy_of(fixture.folder.path());
    drop(sessions);

    fixture.clock.advance(Duration::from_secs(60));
    let options = EmbeddedOptions::new(crashed.path(), fixture.keys.clone(), fixture.clock.clone());
    let (store, recovery) = EmbeddedStore::open(options).unwrap();
    assert!(!recovery.was_closed);
    let sessions = Sessions::new(store, fixture.keys.clone(), fixture.clock.clone(), policy.clone());
    let outcome = sessions.judge(&busy, here, &Request::passive(policy)).await.unwrap();
    assert!(outcome.deadlines().unwrap().idle_at >= promised, "{outcome:?}");
    let outcome = sessions.judge(&idle, here, &Request::passive(policy)).await.unwrap();
    assert_eq!(outcome.reason(), Some(Reason::Locked(LockReason::Idle)));
}

#[tokio::test]
async fn a_second_crash_soon_after_a_long_one_shortens_nobody_s_idle_time() {
    let fixture = Fixture::new();
    let (policy, here) = (&fixture.policy, Audience::of_host(HOST));
    let open = |folder: &tempfile::TempDir| {
        let options = EmbeddedOptions::new(folder.path(), fixture.keys.clone(), fixture.clock.clone());
        let (store, _) = EmbeddedStore::open(options).unwrap();
        Sessions::new(store, fixture.keys.clone(), fixture.clock.clone(), policy.clone())
    };
    let sessions = open(&fixture.folder);
    let (token, _) = sign_in(&sessions, policy, "ada").await;
    let first = copy_of(fixture.folder.path());
    fixture.clock.advance(Duration::from_secs(600));
    let again = open(&first);
    let outcome = again.judge(&token, here, &Request::active(policy)).await.unwrap();
    let promised = outcome.deadlines().unwrap().idle_at;
    let second = copy_of(first.path());
    let outcome = open(&second).judge(&token, here, &Request::passive(policy)).await.unwrap();
    assert!(outcome.deadlines().unwrap().idle_at >= promised, "{outcome:?}");
}

/// What a process that is killed at this moment leaves behind.
fn copy_of(folder: &std::path::Path) -> tempfile::TempDir {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let target = tempfile::tempdir().unwrap();
    copy(folder, target.path());
    target
}

#[tokio::test]
async fn a_forgotten_session_is_gone_for_good() {
    let fixture = Fixture::new();
    let (policy, here) = (&fixture.policy, Audience::of_host(HOST));
    let (sessions, _) = fixture.open();
    let (token, id) = sign_in(&sessions, policy, "ada").await;
    sessions.end(id, EndReason::SignedOut, Actor::Person).await.unwrap();
    fixture.clock.advance(Duration::from_secs(8 * 24 * 3600));
    while sessions.sweep(16).await.unwrap().more {}
    let unknown = Outcome::Missing(MissingReason::CookieUnknown);
    assert_eq!(sessions.judge(&token, here, &Request::active(policy)).await.unwrap(), unknown);
    drop(sessions);
    let (sessions, recovery) = fixture.open();
    assert_eq!((recovery.live, recovery.ended), (0, 0));
    assert_eq!(sessions.judge(&token, here, &Request::active(policy)).await.unwrap(), unknown);
}

#[tokio::test]
async fn what_was_handed_out_rests_for_a_minute_wherever_it_is_in_the_wheel() {
    let fixture = Fixture::new();
    let policy = &fixture.policy;
    let (sessions, _) = fixture.open();
    for number in 0..40 {
        sign_in(&sessions, policy, &format!("person {number}")).await;
        fixture.clock.advance(Duration::from_millis(333));
    }
    fixture.clock.advance(Duration::from_secs(4000));
    let due_after = async |seconds| {
        fixture.clock.advance(Duration::from_secs(seconds));
        let mut due = 0;
        loop {
            match sessions.store().due(fixture.clock.now(), 7).await.unwrap().len() {
                0 => return due,
                some => due += some,
            }
        }
    };
    assert_eq!(due_after(0).await, 40);
    assert_eq!(due_after(59).await, 0);
    assert_eq!(due_after(2).await, 40);
}

#[tokio::test]
async fn activity_of_long_sessions_is_written_less_often_but_always_in_its_turn() {
    let fixture = Fixture::new();
    let options = EmbeddedOptions {
        touch_interval: Duration::from_secs(20),
        ..EmbeddedOptions::new(fixture.folder.path(), fixture.keys.clone(), fixture.clock.clone())
    };
    let (store, _) = EmbeddedStore::open(options).unwrap();
    let sessions = Sessions::new(store, fixture.keys.clone(), fixture.clock.clone(), fixture.policy.clone());
    let many = 10;
    for number in 0..many {
        let (_, id) = sign_in(&sessions, &fixture.policy, &format!("person {number}")).await;
        let (slot, _) = sessions.store().inner.memory.by_id(id).unwrap();
        let at = fixture.clock.now();
        let touch = Touch { at, due_at: at + Duration::from_secs(12 * 3600) };
        sessions.store().inner.touch_at(slot, id, touch).unwrap();
    }
    // Half a day allows for a minute, which is three rounds.
    let inner = &sessions.store().inner;
    let mut rounds = Rounds::default();
    let written: Vec<_> = (0..3)
        .map(|_| {
            inner.behind(fixture.clock.now(), Tick::StillOpen, &mut rounds);
            inner.behind(fixture.clock.now(), Tick::Behind { all: false, most: 1000 }, &mut rounds).len()
        })
        .collect();
    assert_eq!(written.iter().sum::<usize>(), many);
    assert!(written.iter().all(|some| *some < many), "{written:?}");
}

mod crash;
mod damage;
mod faults;
mod histories;

crate::conformance_tests!({
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
    let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
    let (store, _) = EmbeddedStore::open(EmbeddedOptions::new(folder.path(), keys, clock)).unwrap();
    (store, folder)
});
