//! A disk that fails when it is told to, or keeps everybody waiting.

use std::sync::{Condvar, Mutex};

use super::*;
use crate::store::embedded::engine::Batch;
use crate::store::embedded::journal::Disk;
use crate::store::embedded::memory::lock;
use crate::store::{Ending, OldPrivilege, Rotation};

const TOUCH_INTERVAL: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Works,
    /// Nothing is written.
    Full,
    /// It says that nothing was written, but after it has been opened again everything is there.
    Lies,
    /// Nobody is answered.
    Hangs,
}

struct Moods {
    mood: Mutex<Mood>,
    changed: Condvar,
    lied: Mutex<Vec<Batch>>,
}

struct Moody(Arc<Moods>, Arc<Engine>);

impl Moods {
    fn set(&self, mood: Mood) {
        *lock(&self.mood) = mood;
        self.changed.notify_all();
    }
}

impl Disk for Moody {
    fn write(&self, batch: &Batch) -> Result<(), Unavailable> {
        let hanging = self.0.changed.wait_while(lock(&self.0.mood), |mood| *mood == Mood::Hangs);
        let mood = *hanging.unwrap();
        match mood {
            Mood::Works | Mood::Hangs => {}
            Mood::Full => return Err(Unavailable::because("the disk is full")),
            Mood::Lies => {
                lock(&self.0.lied).push(batch.clone());
                return Err(Unavailable::because("the disk does not sync"));
            }
        }
        for lied in std::mem::take(&mut *lock(&self.0.lied)) {
            self.1.write(&lied)?;
        }
        self.1.write(batch)
    }
}

struct OnMoodyDisk {
    fixture: Fixture,
    store: Arc<EmbeddedStore>,
    disk: Arc<Moods>,
}

impl OnMoodyDisk {
    fn new() -> Self {
        let fixture = Fixture::new();
        let disk = Arc::new(Moods {
            mood: Mutex::new(Mood::Works),
            changed: Condvar::new(),
            lied: Mutex::default(),
        });
        let options = EmbeddedOptions {
            touch_interval: TOUCH_INTERVAL,
            ..EmbeddedOptions::new(fixture.folder.path(), fixture.keys.clone(), fixture.clock.clone())
        };
        let moods = Arc::clone(&disk);
        let (store, _) =
            EmbeddedStore::open_on(options, TOUCH_INTERVAL, |engine| Box::new(Moody(moods, engine))).unwrap();
        Self { fixture, store: Arc::new(store), disk }
    }

    async fn add(&self, number: u8, admission: Admission) -> Result<Vec<Record>, InsertError> {
        self.store.insert(self.record(number), TokenHash([number; 24]), admission).await
    }

    fn record(&self, number: u8) -> Record {
        let now = self.fixture.clock.now();
        let session = Session {
            id: SessionId::from_bytes([number; 16]),
            subject: Subject::new("ada").unwrap(),
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
        Record { session, details: Details::default(), due_at: now + Duration::from_secs(1800) }
    }

    async fn change(&self, number: u8, edit: impl FnOnce(&mut Record)) -> Result<Version, UpdateError> {
        self.change_to(number, edit, None).await
    }

    async fn change_to(
        &self,
        number: u8,
        edit: impl FnOnce(&mut Record),
        rotation: Option<Rotation>,
    ) -> Result<Version, UpdateError> {
        let mut record = self.store.load(SessionId::from_bytes([number; 16])).await.unwrap().unwrap();
        edit(&mut record);
        let version = record.session.version;
        self.store.update(version, Change { record, rotation, if_quiet_since: None }).await
    }

    fn found(&self, number: u8) -> Option<Found> {
        self.store.inner.find(&TokenHash([number; 24]))
    }

    fn state(&self, number: u8) -> State {
        self.found(number).unwrap().session.state
    }

    /// Lets the disk work again, waits until it has what it is owed, and opens the store anew without the rest.
    fn after_a_restart(self) -> (Fixture, EmbeddedStore) {
        self.disk.set(Mood::Works);
        let options = EmbeddedOptions::new(
            self.fixture.folder.path(),
            self.fixture.keys.clone(),
            self.fixture.clock.clone(),
        );
        drop(Arc::into_inner(self.store).unwrap());
        let (store, _) = EmbeddedStore::open(options).unwrap();
        (self.fixture, store)
    }
}

const LOCKED: State = State::Locked { reason: LockReason::Idle, since: Timestamp::from_millis(5) };

fn ending() -> Ending {
    Ending { reason: EndReason::SignedOut, at: Timestamp::from_millis(7), by: Actor::Person }
}

fn end(record: &mut Record) {
    record.end(ending(), Timestamp::NEVER);
}

fn rotation(number: u8) -> Option<Rotation> {
    let old_privilege = OldPrivilege::Locked { reason: LockReason::Idle, since: Timestamp::from_millis(5) };
    Some(Rotation { token: TokenHash([number; 24]), old_privilege })
}

#[tokio::test]
async fn a_sign_in_that_could_not_be_written_never_was() {
    for mood in [Mood::Full, Mood::Lies] {
        let on = OnMoodyDisk::new();
        on.disk.set(mood);
        let result = on.add(1, Admission::AtMost(1)).await;
        assert!(matches!(result, Err(InsertError::Unavailable(_))));
        assert_eq!(on.found(1), None);
        assert_eq!(on.store.counts(), Counts::default());
        on.disk.set(Mood::Works);
        on.add(2, Admission::AtMost(1)).await.unwrap();
        let (_fixture, store) = on.after_a_restart();
        let listed = store.list(&Subject::new("ada").unwrap()).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].session.id, SessionId::from_bytes([2; 16]));
    }
}

#[tokio::test]
async fn nobody_has_made_room_for_a_sign_in_that_could_not_be_written() {
    for mood in [Mood::Full, Mood::Lies] {
        let on = OnMoodyDisk::new();
        on.add(1, Admission::Unlimited).await.unwrap();
        let id = SessionId::from_bytes([1; 16]);
        on.store.write_data(id, "cart", Some(b"[1]".to_vec()), Precondition::Always).await.unwrap();
        on.disk.set(mood);
        let making_room = || Admission::EndOldest { limit: 1, ending: ending(), forget_at: Timestamp::NEVER };
        let result = on.add(2, making_room()).await;
        assert!(matches!(result, Err(InsertError::Unavailable(_))));
        assert_eq!(on.state(1), State::Active);
        on.disk.set(Mood::Works);
        on.change(1, |record| record.session.state = LOCKED).await.unwrap();
        let (_fixture, store) = on.after_a_restart();
        assert_eq!(store.inner.find(&TokenHash([1; 24])).unwrap().session.state, LOCKED);
        assert_eq!(store.data(id, "cart").await.unwrap().unwrap().bytes, b"[1]");
    }
}

#[tokio::test]
async fn a_lock_holds_while_the_disk_fails_and_is_written_when_it_works_again() {
    for mood in [Mood::Full, Mood::Lies] {
        let on = OnMoodyDisk::new();
        on.add(1, Admission::Unlimited).await.unwrap();
        on.disk.set(mood);
        let note = |record: &mut Record| {
            record.session.state = LOCKED;
            let at = Timestamp::from_millis(5);
            record.details.note(at, crate::store::Happening::Locked(LockReason::Idle), Actor::Tenure);
        };
        let result = on.change(1, note).await;
        assert!(matches!(result, Err(UpdateError::Unavailable(_))));
        assert_eq!(on.state(1), LOCKED);
        let id = SessionId::from_bytes([1; 16]);
        assert_eq!(on.store.load(id).await.unwrap().unwrap().details.timeline.len(), 1);
        let (_fixture, store) = on.after_a_restart();
        let record = store.load(id).await.unwrap().unwrap();
        assert_eq!((record.session.state, record.details.timeline.len()), (LOCKED, 1));
    }
}

#[tokio::test]
async fn an_ending_holds_while_the_disk_fails_and_is_confirmed_only_when_it_is_durable() {
    let on = OnMoodyDisk::new();
    on.add(1, Admission::Unlimited).await.unwrap();
    on.disk.set(Mood::Full);
    for _ in 0..3 {
        assert!(matches!(on.change(1, end).await, Err(UpdateError::Unavailable(_))));
        assert!(!on.found(1).unwrap().session.is_live());
    }
    let touch = Touch { at: Timestamp::NEVER, due_at: Timestamp::NEVER };
    assert!(matches!(on.store.touch(&on.found(1).unwrap(), touch).await, Err(TouchError::Gone)));
    on.disk.set(Mood::Works);
    assert!(matches!(on.change(1, end).await, Err(UpdateError::Gone)));
    let (_fixture, store) = on.after_a_restart();
    let state = store.inner.find(&TokenHash([1; 24])).unwrap().session.state;
    assert_eq!(state, State::Ended { reason: EndReason::SignedOut, at: ending().at });
}

#[tokio::test]
async fn an_unlock_that_could_not_be_written_never_was_and_can_be_done_again() {
    for mood in [Mood::Full, Mood::Lies] {
        let on = OnMoodyDisk::new();
        on.add(1, Admission::Unlimited).await.unwrap();
        on.change(1, |record| record.session.state = LOCKED).await.unwrap();
        on.disk.set(mood);
        let unlock = |record: &mut Record| record.session.state = State::Active;
        let result = on.change_to(1, unlock, rotation(9)).await;
        assert!(matches!(result, Err(UpdateError::Unavailable(_))));
        assert_eq!((on.state(1), on.found(9)), (LOCKED, None));
        let (_fixture, store) = on.after_a_restart();
        let found = store.inner.find(&TokenHash([1; 24])).unwrap();
        assert_eq!(
            (found.session.state, found.token),
            (LOCKED, TokenStanding::Current { first_seen: false })
        );
        assert_eq!(store.inner.find(&TokenHash([9; 24])), None);
    }
}

#[tokio::test]
async fn an_ending_overtakes_an_unlock_that_is_being_written_and_nothing_comes_back() {
    let on = Arc::new(OnMoodyDisk::new());
    on.add(1, Admission::Unlimited).await.unwrap();
    on.change(1, |record| record.session.state = LOCKED).await.unwrap();
    on.disk.set(Mood::Hangs);
    let unlocking = tokio::spawn({
        let on = Arc::clone(&on);
        async move { on.change_to(1, |record| record.session.state = State::Active, rotation(9)).await }
    });
    // Until the unlock is under way, changes go through; from then on they conflict.
    let slot = u32::try_from(on.found(1).unwrap().place).unwrap();
    while !on.store.inner.memory.image(slot).unwrap().is(Flag::PENDING) {
        tokio::task::yield_now().await;
    }
    assert!(matches!(on.change(1, |_| ()).await, Err(UpdateError::Conflict)));
    let ending = tokio::spawn({
        let on = Arc::clone(&on);
        async move { on.change(1, end).await }
    });
    while on.found(1).unwrap().session.is_live() {
        tokio::task::yield_now().await;
    }
    on.disk.set(Mood::Works);
    assert!(matches!(unlocking.await.unwrap(), Err(UpdateError::Conflict | UpdateError::Gone)));
    assert!(ending.await.unwrap().is_ok());
    assert_eq!(on.found(9), None);
    let (_fixture, store) = Arc::into_inner(on).unwrap().after_a_restart();
    assert!(!store.inner.find(&TokenHash([1; 24])).unwrap().session.is_live());
    assert_eq!(store.inner.find(&TokenHash([9; 24])), None);
}

#[tokio::test]
async fn a_sign_in_whose_caller_stops_waiting_is_there_all_the_same() {
    let on = OnMoodyDisk::new();
    on.disk.set(Mood::Hangs);
    let waited = tokio::time::timeout(Duration::ZERO, on.add(1, Admission::AtMost(1))).await;
    assert!(waited.is_err());
    assert_eq!(on.found(1), None, "it is not durable yet");
    assert!(matches!(on.add(2, Admission::AtMost(1)).await, Err(InsertError::Full(_))), "but it counts");
    on.disk.set(Mood::Works);
    // What is handed over later is written later.
    on.store.write_data(SessionId::from_bytes([8; 16]), "k", None, Precondition::Always).await.unwrap_err();
    while on.found(1).is_none() {
        tokio::task::yield_now().await;
    }
    let (_fixture, store) = on.after_a_restart();
    assert!(store.inner.find(&TokenHash([1; 24])).is_some());
}

#[tokio::test]
async fn activity_that_could_not_be_written_is_written_later() {
    let on = OnMoodyDisk::new();
    on.add(1, Admission::Unlimited).await.unwrap();
    on.disk.set(Mood::Full);
    assert!(on.add(2, Admission::Unlimited).await.is_err());
    let at = on.fixture.clock.now() + Duration::from_secs(600);
    on.store.touch(&on.found(1).unwrap(), Touch { at, due_at: at }).await.unwrap();
    let (_fixture, store) = on.after_a_restart();
    assert_eq!(store.inner.find(&TokenHash([1; 24])).unwrap().session.last_activity_at, at);
}
