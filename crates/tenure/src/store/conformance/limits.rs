//! The limit of sessions, one sign-in at a time. The races are in [`races`](super::races).

use super::super::{Admission, Ending, InsertError, Precondition, Record, Store};
use super::fixture::*;
use crate::core::{EndReason, SessionId, Timestamp, Version};

const FORGET_AT: Timestamp = Timestamp::from_millis(START.as_millis() + 1_000_000);

fn displaced() -> Ending {
    ending(EndReason::Displaced)
}

async fn insert<S: Store>(store: &S, admission: Admission) -> Result<Vec<Record>, InsertError> {
    store.insert(record("ada", HERE, START), new_token(), admission).await
}

fn full(result: Result<Vec<Record>, InsertError>) -> Vec<SessionId> {
    match result {
        Err(InsertError::Full(records)) => records.iter().map(|record| record.session.id).collect(),
        other => panic!("expected a full house, got {other:?}"),
    }
}

fn replace(limit: u32, session: SessionId) -> Admission {
    Admission::Replace { limit, session, ending: displaced(), forget_at: FORGET_AT }
}

async fn live<S: Store>(store: &S) -> Vec<SessionId> {
    let records = store.list(&subject("ada")).await.unwrap();
    records.iter().filter(|record| record.session.is_live()).map(|record| record.session.id).collect()
}

/// Active and locked sessions of the same subject at the same audience count; nothing else does.
pub async fn a_limit_counts_live_sessions_of_one_subject_and_audience<S: Store>(store: S) {
    let (first, _) = signed_in(&store).await;
    let (locked, _) = signed_in_as(&store, "ada", HERE, START + MINUTE).await;
    lock(&store, locked.session.id).await.unwrap();
    let (gone, _) = signed_in(&store).await;
    end(&store, gone.session.id).await.unwrap();
    signed_in_as(&store, "ada", ELSEWHERE, START).await;
    signed_in_as(&store, "bob", HERE, START).await;
    let in_the_way = full(insert(&store, Admission::AtMost(2)).await);
    assert_eq!(in_the_way, [first.session.id, locked.session.id]);
    assert_eq!(live(&store).await.len(), 3);
    assert_eq!(insert(&store, Admission::AtMost(3)).await.unwrap(), []);
    assert_eq!(insert(&store, Admission::Unlimited).await.unwrap(), []);
}

/// Those used least recently end, as many as it takes, and are given back as they are now.
pub async fn the_least_recently_used_make_room<S: Store>(store: S) {
    let mut ids = Vec::new();
    for minute in 0..4 {
        let (record, token) = signed_in_as(&store, "ada", HERE, START + minute * MINUTE).await;
        ids.push((record.session.id, token));
    }
    let oldest = found(&store, ids[0].1).await;
    store.touch(&oldest, touch_at(START + 9 * MINUTE)).await.unwrap();
    store.write_data(ids[1].0, "cart", Some(vec![1]), Precondition::Always).await.unwrap();
    let admission = Admission::EndOldest { limit: 3, ending: displaced(), forget_at: FORGET_AT };
    let mut gone = insert(&store, admission).await.unwrap();
    gone.sort_by_key(|record| record.session.signed_in_at);
    assert_eq!(gone.iter().map(|record| record.session.id).collect::<Vec<_>>(), [ids[1].0, ids[2].0]);
    for record in &gone {
        assert!(is_ended(record));
        assert_eq!(record.details.ending, Some(displaced()));
        assert_eq!((record.session.version, record.due_at), (Version::FIRST.next(), FORGET_AT));
        assert_eq!(loaded(&store, record.session.id).await, *record);
    }
    assert!(store.data(ids[1].0, "cart").await.is_err(), "a displaced session's data goes with it");
    assert!(found(&store, ids[0].1).await.session.is_live());
    assert_eq!(live(&store).await.len(), 3);
}

/// The session that the person chose ends, even if there is room by now; nobody else does.
pub async fn the_chosen_one_makes_room<S: Store>(store: S) {
    let (first, _) = signed_in(&store).await;
    let (second, _) = signed_in(&store).await;
    for (limit, chosen) in [(2, second.session.id), (5, first.session.id)] {
        let gone = insert(&store, replace(limit, chosen)).await.unwrap();
        assert_eq!(gone.iter().map(|record| record.session.id).collect::<Vec<_>>(), [chosen]);
        assert_eq!(loaded(&store, chosen).await, gone[0]);
        assert_eq!(gone[0].details.ending, Some(displaced()));
    }
    assert_eq!(live(&store).await.len(), 2);
}

/// A choice of a session that does not count ends nobody, and neither does one that is not enough.
pub async fn a_choice_that_makes_no_room_ends_nobody<S: Store>(store: S) {
    let (mine, _) = signed_in(&store).await;
    let (other, _) = signed_in(&store).await;
    let (bobs, _) = signed_in_as(&store, "bob", HERE, START).await;
    let (elsewhere, _) = signed_in_as(&store, "ada", ELSEWHERE, START).await;
    let (gone, _) = signed_in(&store).await;
    end(&store, gone.session.id).await.unwrap();
    let ending_before = loaded(&store, gone.session.id).await;
    for chosen in [bobs.session.id, elsewhere.session.id, gone.session.id, new_id()] {
        full(insert(&store, replace(2, chosen)).await);
    }
    full(insert(&store, replace(1, mine.session.id)).await);
    for record in [&mine, &other, &bobs, &elsewhere] {
        assert_eq!(loaded(&store, record.session.id).await, *record);
    }
    assert_eq!(loaded(&store, gone.session.id).await, ending_before);
    assert_eq!(insert(&store, replace(3, bobs.session.id)).await.unwrap(), []);
    assert_eq!(loaded(&store, bobs.session.id).await, bobs);
}
