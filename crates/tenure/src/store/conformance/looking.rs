//! Lists, pages, counts, and what is due.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::{Counts, Store};
use super::fixture::*;
use crate::core::{SessionId, Timestamp};

/// Whatever their state and host, in the order of signing in.
pub async fn a_subject_s_sessions_are_listed_in_the_order_of_signing_in<S: Store>(store: S) {
    let mut expected = Vec::new();
    for (minute, audience) in [(3, HERE), (1, ELSEWHERE), (2, HERE), (0, HERE)] {
        let (record, _) = signed_in_as(&store, "ada", audience, START + minute * MINUTE).await;
        expected.push((minute, record.session.id));
    }
    signed_in_as(&store, "bob", HERE, START).await;
    end(&store, expected[0].1).await.unwrap();
    lock(&store, expected[1].1).await.unwrap();
    expected.sort_unstable();
    let listed = store.list(&subject("ada")).await.unwrap();
    let ids: Vec<SessionId> = listed.iter().map(|record| record.session.id).collect();
    assert_eq!(ids, expected.iter().map(|(_, id)| *id).collect::<Vec<_>>());
    for record in listed {
        assert_eq!(loaded(&store, record.session.id).await, record);
    }
}

/// Going from page to page shows everybody once, ended ones included, in the order of ids.
pub async fn pages_show_everybody_once_and_in_order<S: Store>(store: S) {
    let mut everybody = BTreeSet::new();
    for number in 0..25 {
        let (record, _) = signed_in_as(&store, &format!("user {number}"), HERE, START).await;
        if number % 5 == 0 {
            end(&store, record.session.id).await.unwrap();
        }
        everybody.insert(record.session.id);
    }
    for limit in [1, 7, 25, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.page(after, limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page.iter().map(|session| session.id));
        }
        assert_eq!(seen, everybody.iter().copied().collect::<Vec<_>>());
    }
    let between = SessionId::from_bytes([0x80; 16]);
    let rest = store.page(Some(between), 100).await.unwrap();
    assert_eq!(rest.len(), everybody.range(between..).count(), "a page may begin after an unknown id");
}

async fn due<S: Store>(store: &S, now: Timestamp, limit: usize) -> BTreeSet<SessionId> {
    let ids = store.due(now, limit).await.unwrap();
    assert!(ids.len() <= limit);
    let unique: BTreeSet<SessionId> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "nobody is handed out twice");
    unique
}

/// Each due session is handed out once, however it is asked for.
pub async fn what_is_due_is_handed_out_once<S: Store>(store: S) {
    let mut expected = BTreeSet::new();
    for number in 0..30_u32 {
        let (record, _) = signed_in_as(&store, "ada", HERE, START + number * Duration::from_secs(1)).await;
        if number < 20 {
            expected.insert(record.session.id);
        }
    }
    let before = START + 30 * MINUTE - Duration::from_millis(1);
    assert_eq!(due(&store, before, 100).await, BTreeSet::new(), "nobody is due before the moment");
    let now = START + 30 * MINUTE + Duration::from_secs(19);
    let mut handed_out = BTreeSet::new();
    for _ in 0..4 {
        for id in due(&store, now, 7).await {
            assert!(handed_out.insert(id), "{id} was handed out twice");
        }
    }
    assert_eq!(handed_out, expected);
}

/// What was handed out and neither changed nor forgotten comes again.
pub async fn what_was_not_dealt_with_comes_again_after_a_minute<S: Store>(store: S) {
    let (dropped, _) = signed_in(&store).await;
    let (dealt_with, _) = signed_in(&store).await;
    let now = START + 31 * MINUTE;
    assert_eq!(due(&store, now, 10).await.len(), 2);
    update(&store, dealt_with.session.id, |record| record.due_at = now + 60 * MINUTE).await.unwrap();
    assert_eq!(due(&store, now + Duration::from_secs(30), 10).await, BTreeSet::new());
    // A store may be a little late, but not early.
    let later = due(&store, now + 2 * MINUTE, 10).await;
    assert_eq!(later, BTreeSet::from([dropped.session.id]));
}

/// Activity, changes and endings move the due moment; a forgotten session is never due.
pub async fn a_session_is_due_when_its_record_says<S: Store>(store: S) {
    let (touched, token) = signed_in(&store).await;
    let (ended, _) = signed_in(&store).await;
    let (earlier, _) = signed_in(&store).await;
    let (forgotten, _) = signed_in(&store).await;
    store.touch(&found(&store, token).await, touch_at(START + 20 * MINUTE)).await.unwrap();
    end(&store, ended.session.id).await.unwrap();
    end(&store, forgotten.session.id).await.unwrap();
    store.forget(forgotten.session.id).await.unwrap();
    update(&store, earlier.session.id, |record| record.due_at = START + 10 * MINUTE).await.unwrap();
    let at = |minutes: u32| START + minutes * MINUTE;
    assert_eq!(due(&store, at(9), 10).await, BTreeSet::new());
    assert_eq!(due(&store, at(10), 10).await, BTreeSet::from([earlier.session.id]));
    update(&store, earlier.session.id, |record| record.due_at = at(1000)).await.unwrap();
    assert_eq!(due(&store, at(49), 10).await, BTreeSet::new());
    assert_eq!(due(&store, at(50), 10).await, BTreeSet::from([touched.session.id]));
    update(&store, touched.session.id, |record| record.due_at = at(1000)).await.unwrap();
    assert_eq!(due(&store, at(60), 10).await, BTreeSet::from([ended.session.id]));
    store.forget(ended.session.id).await.unwrap();
    assert_eq!(due(&store, at(999), 10).await, BTreeSet::new());
    assert_eq!(due(&store, at(1000), 10).await.len(), 2, "due anew");
}

/// Counts agree with what there is, after a moment.
pub async fn counts_follow<S: Store>(store: S) {
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(signed_in(&store).await.0.session.id);
    }
    lock(&store, ids[0]).await.unwrap();
    lock(&store, ids[1]).await.unwrap();
    end(&store, ids[1]).await.unwrap();
    end(&store, ids[2]).await.unwrap();
    end(&store, ids[3]).await.unwrap();
    store.forget(ids[3]).await.unwrap();
    let expected = Counts { active: 2, locked: 1, ended: 2 };
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.counts() != expected {
        assert!(Instant::now() < deadline, "{:?} instead of {expected:?}", store.counts());
        tokio::task::yield_now().await;
    }
}
