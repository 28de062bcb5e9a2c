//! Many at once. Each case is run in many rounds, on all threads of the runtime.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::super::{
    Actor, Admission, Change, DataError, Happening, InsertError, Precondition, Store, Touch, TouchError,
    UpdateError,
};
use super::fixture::*;
use crate::core::{EndReason, LockReason, State, Timestamp};

const FORGET_AT: Timestamp = Timestamp::from_millis(START.as_millis() + 10_000_000);

/// Starts `count` tasks at the same moment and gives their results.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    make: impl Fn(usize) -> F,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (start, task) = (Arc::clone(&start), make(number));
        tasks.spawn(async move {
            start.wait().await;
            task.await
        });
    }
    tasks.join_all().await
}

/// At a limit of one, of many simultaneous sign-ins exactly one passes.
pub async fn simultaneous_sign_ins_never_pass_a_limit_of_one<S: Store>(store: S) {
    let store = Arc::new(store);
    for round in 0..200 {
        let name = format!("user {round}");
        let results = at_once(8, |_| {
            let (store, record) = (Arc::clone(&store), record(&name, HERE, START));
            async move { store.insert(record, new_token(), Admission::AtMost(1)).await }
        })
        .await;
        let passed = results.iter().filter(|result| result.is_ok()).count();
        let full = results.iter().filter(|result| matches!(result, Err(InsertError::Full(_)))).count();
        assert_eq!((passed, full), (1, 7), "round {round}");
        let live = store.list(&subject(&name)).await.unwrap();
        assert_eq!(live.iter().filter(|record| record.session.is_live()).count(), 1);
    }
}

/// Where the oldest make room, everybody passes and exactly as many as allowed are left.
pub async fn simultaneous_sign_ins_that_end_the_oldest_leave_as_many_as_allowed<S: Store>(store: S) {
    let store = Arc::new(store);
    for round in 0..50 {
        let name = format!("user {round}");
        let results = at_once(12, |_| {
            let (store, record) = (Arc::clone(&store), record(&name, HERE, START));
            let (ending, forget_at) = (ending(EndReason::Displaced), FORGET_AT);
            let admission = Admission::EndOldest { limit: 3, ending, forget_at };
            async move { store.insert(record, new_token(), admission).await }
        })
        .await;
        let displaced: usize = results.into_iter().map(|result| result.unwrap().len()).sum();
        let records = store.list(&subject(&name)).await.unwrap();
        let live = records.iter().filter(|record| record.session.is_live()).count();
        assert_eq!((live, displaced), (3, 9), "round {round}");
    }
}

/// Two browsers choose the same session to end: one sign-in takes its place, the other is refused.
pub async fn of_two_that_replace_the_same_session_one_passes<S: Store>(store: S) {
    let store = Arc::new(store);
    for round in 0..100 {
        let name = format!("user {round}");
        let (chosen, _) = signed_in_as(&*store, &name, HERE, START).await;
        let results = at_once(4, |_| {
            let (store, record) = (Arc::clone(&store), record(&name, HERE, START));
            let (ending, forget_at) = (ending(EndReason::Displaced), FORGET_AT);
            let session = chosen.session.id;
            let admission = Admission::Replace { limit: 1, session, ending, forget_at };
            async move { store.insert(record, new_token(), admission).await }
        })
        .await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "round {round}");
        let records = store.list(&subject(&name)).await.unwrap();
        assert_eq!(records.iter().filter(|record| record.session.is_live()).count(), 1);
    }
}

/// Of many changes that were made from the same version, exactly one is written.
pub async fn of_many_updates_of_one_version_one_wins<S: Store>(store: S) {
    let store = Arc::new(store);
    let (record, _) = signed_in(&*store).await;
    let id = record.session.id;
    for round in 0..100 {
        let before = loaded(&*store, id).await;
        let results = at_once(8, |number| {
            let (store, mut changed) = (Arc::clone(&store), before.clone());
            changed.details.host = format!("{round}-{number}.example.com");
            async move {
                let version = changed.session.version;
                (number, store.update(version, change(changed)).await)
            }
        })
        .await;
        let winners: Vec<_> = results.iter().filter(|(_, result)| result.is_ok()).collect();
        let [(winner, Ok(version))] = winners[..] else { panic!("round {round}: {results:?}") };
        assert!(results.iter().all(|(_, result)| matches!(result, Ok(_) | Err(UpdateError::Conflict))));
        let after = loaded(&*store, id).await;
        assert_eq!(after.details.host, format!("{round}-{winner}.example.com"));
        assert_eq!(after.session.version, *version);
    }
}

/// Slow requests write what they had loaded before the sign-out: none of them gets through.
pub async fn no_slow_update_brings_an_ended_session_back<S: Store>(store: S) {
    let store = Arc::new(store);
    for round in 0..100 {
        let (record, token) = signed_in(&*store).await;
        let id = record.session.id;
        at_once(4, |number| {
            let (store, slow) = (Arc::clone(&store), record.clone());
            async move {
                if number > 0 {
                    let _ = store.update(slow.session.version, change(slow)).await;
                    return;
                }
                while let Err(error) = end(&*store, id).await {
                    assert!(matches!(error, UpdateError::Conflict), "{error}");
                    tokio::task::yield_now().await;
                }
                assert!(is_ended(&loaded(&*store, id).await), "an ending is in force when it is told");
            }
        })
        .await;
        let late = store.update(record.session.version.next(), change(record.clone())).await;
        assert!(matches!(late, Err(UpdateError::Gone)), "round {round}: {late:?}");
        assert!(is_ended(&loaded(&*store, id).await), "round {round}");
        assert!(!found(&*store, token).await.session.is_live(), "round {round}");
    }
}

/// Nor do touches, sights of a token, or writes to the data bag.
pub async fn no_touch_sight_or_data_write_brings_an_ended_session_back<S: Store>(store: S) {
    let store = Arc::new(store);
    for round in 0..100 {
        let (record, _) = signed_in(&*store).await;
        let id = record.session.id;
        let token = rotate(&*store, id).await;
        let slow = found(&*store, token).await;
        at_once(8, |number| {
            let (store, slow) = (Arc::clone(&store), slow.clone());
            async move {
                match number {
                    0 => drop(end(&*store, id).await.unwrap()),
                    1..=3 => match store.touch(&slow, touch_at(START + MINUTE)).await {
                        Ok(()) | Err(TouchError::Gone) => {}
                        Err(error) => panic!("{error}"),
                    },
                    4 => drop(store.retire(&slow, START + MINUTE).await),
                    _ => match store.write_data(id, "cart", Some(vec![1]), Precondition::Always).await {
                        Ok(_) | Err(DataError::Gone) => {}
                        Err(error) => panic!("{error}"),
                    },
                }
            }
        })
        .await;
        assert!(is_ended(&loaded(&*store, id).await), "round {round}");
        assert!(!found(&*store, token).await.session.is_live(), "round {round}");
        assert!(matches!(store.data(id, "cart").await, Err(DataError::Gone)), "round {round}");
        let touched = store.touch(&slow, touch_at(START + 2 * MINUTE)).await;
        assert!(matches!(touched, Err(TouchError::Gone)), "round {round}");
    }
}

/// Whoever ends a session that many want to end, the first reason stays.
pub async fn of_many_endings_one_holds<S: Store>(store: S) {
    const REASONS: [EndReason; 4] =
        [EndReason::SignedOut, EndReason::Risk, EndReason::CredentialChanged, EndReason::Displaced];
    let store = Arc::new(store);
    for round in 0..100 {
        let (record, _) = signed_in(&*store).await;
        let results = at_once(REASONS.len(), |number| {
            let (store, mut ended) = (Arc::clone(&store), record.clone());
            ended.end(ending(REASONS[number]), FORGET_AT);
            async move { (number, store.update(ended.session.version, change(ended)).await) }
        })
        .await;
        let winners: Vec<usize> =
            results.iter().filter(|(_, result)| result.is_ok()).map(|(number, _)| *number).collect();
        let [winner] = winners[..] else { panic!("round {round}: {results:?}") };
        let ended = loaded(&*store, record.session.id).await.details.ending.unwrap();
        assert_eq!(ended.reason, REASONS[winner], "round {round}");
    }
}

/// Activity is noted while the record changes: both stay.
pub async fn activity_and_changes_at_once_lose_neither<S: Store>(store: S) {
    const ROUNDS: u32 = 20;
    let store = Arc::new(store);
    let (record, token) = signed_in(&*store).await;
    let id = record.session.id;
    at_once(5, |number| {
        let store = Arc::clone(&store);
        async move {
            for round in 1..=ROUNDS {
                if number > 0 {
                    let at = START + (10 * round + number as u32) * MINUTE;
                    store.touch(&found(&*store, token).await, touch_at(at)).await.unwrap();
                    tokio::task::yield_now().await;
                    continue;
                }
                let noted = update(&*store, id, |record| {
                    record.details.note(START, Happening::Extended, Actor::Person);
                });
                noted.await.expect("only one task changes the record");
            }
        }
    })
    .await;
    let after = loaded(&*store, id).await;
    assert_eq!(after.session.last_activity_at, START + (10 * ROUNDS + 4) * MINUTE);
    assert_eq!(after.due_at, START + (10 * ROUNDS + 4 + 30) * MINUTE);
    assert_eq!(after.details.timeline.len(), 1 + ROUNDS as usize);
    assert_eq!(after.session.version.0, 1 + u64::from(ROUNDS));
}

/// A person is active in the last moment while a sweep locks for idleness: either the activity is
/// refused, or the lock is.
pub async fn nobody_is_locked_for_idleness_after_acknowledged_activity<S: Store>(store: S) {
    let store = Arc::new(store);
    for round in 0..300 {
        let (record, token) = signed_in(&*store).await;
        let seen = found(&*store, token).await;
        let results = at_once(2, |number| {
            let (store, seen, mut locked) = (Arc::clone(&store), seen.clone(), record.clone());
            async move {
                if number == 0 {
                    let at = START + 29 * MINUTE;
                    return store.touch(&seen, Touch { at, due_at: at + 30 * MINUTE }).await.is_ok();
                }
                locked.session.state = State::Locked { reason: LockReason::Idle, since: START + 30 * MINUTE };
                let lock = Change { record: locked, rotation: None, if_quiet_since: Some(START) };
                store.update(seen.session.version, lock).await.is_ok()
            }
        })
        .await;
        let succeeded = results.iter().filter(|done| **done).count();
        assert_eq!(succeeded, 1, "round {round}: both or neither went through");
    }
}

/// Parallel requests change different keys: every change is there.
pub async fn writes_of_different_keys_lose_nothing<S: Store>(store: S) {
    let store = Arc::new(store);
    let id = signed_in(&*store).await.0.session.id;
    for round in 0..10_u8 {
        at_once(16, |number| {
            let store = Arc::clone(&store);
            async move {
                let key = format!("key-{number:02}");
                store.write_data(id, &key, Some(vec![round]), Precondition::Always).await.unwrap();
            }
        })
        .await;
        let keys = store.data_keys(id).await.unwrap();
        assert_eq!(keys.len(), 16, "round {round}");
        for (key, _) in keys {
            assert_eq!(store.data(id, &key).await.unwrap().unwrap().bytes, [round], "round {round}: {key}");
        }
    }
}

/// Many count one value up, each on the condition of the version it read.
pub async fn counting_with_versions_loses_nothing<S: Store>(store: S) {
    const TASKS: usize = 6;
    const ROUNDS: usize = 15;
    let store = Arc::new(store);
    let id = signed_in(&*store).await.0.session.id;
    store.write_data(id, "count", Some(vec![0]), Precondition::Absent).await.unwrap();
    at_once(TASKS, |_| {
        let store = Arc::clone(&store);
        async move {
            let mut done = 0;
            while done < ROUNDS {
                let there = store.data(id, "count").await.unwrap().unwrap();
                let (next, condition) = (vec![there.bytes[0] + 1], Precondition::Version(there.version));
                match store.write_data(id, "count", Some(next), condition).await {
                    Ok(_) => done += 1,
                    Err(DataError::Conflict(_)) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    })
    .await;
    assert_eq!(usize::from(store.data(id, "count").await.unwrap().unwrap().bytes[0]), TASKS * ROUNDS);
}
