//! What people and applications look up.

use std::time::Duration;

use crate::core::{EndReason, LockReason, SessionId, State};
use crate::service::bag::{LARGEST_VALUE, MOST_KEYS};
use crate::service::testing::*;
use crate::service::{BagError, Foreseen, SupportCode};
use crate::store::{Actor, Happening, Precondition};

#[tokio::test]
async fn a_list_says_what_is_even_if_nobody_asked_before() {
    let house = house(general());
    house.sign_in("ada").await;
    house.clock.advance(house.policy.idle_timeout());
    house.sign_in("ada").await;
    let states: Vec<&str> =
        house.sessions.list(&ada()).await.unwrap().iter().map(|record| record.session.state.name()).collect();
    assert_eq!(states, ["locked", "active"]);
}

#[tokio::test]
async fn an_explanation_tells_what_was_and_what_will_be() {
    let house = house(general());
    let (token, session) = house.sign_in("ada").await;
    house.clock.advance(Duration::from_secs(60));
    house.sessions.extend(&token, here(), &house.policy).await.unwrap();
    let extended_at = house.sessions.now();
    let explained = house.sessions.explain(session.id).await.unwrap().unwrap();
    let happened: Vec<Happening> = explained.timeline.iter().map(|entry| entry.what).collect();
    assert_eq!(happened, [Happening::SignedIn, Happening::Extended]);
    let idle_at = extended_at + house.policy.idle_timeout();
    let locked = explained.coming.iter().find(|coming| coming.what == Foreseen::Locked(LockReason::Idle));
    assert_eq!(locked.unwrap().at, idle_at);
    assert_eq!(explained.coming.last().unwrap().what, Foreseen::Forgotten);
    house.sessions.end(session.id, EndReason::SignedOut, Actor::Person).await.unwrap();
    let explained = house.sessions.explain(session.id).await.unwrap().unwrap();
    assert_eq!((explained.state, explained.reason), ("ended", Some("signed_out")));
    let written = serde_json::to_string(&explained).unwrap();
    assert!(written.contains("signed_out") && !written.contains(&token));
    assert_eq!(house.sessions.explain(SessionId::from_bytes([0; 16])).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_is_found_by_its_support_code() {
    let house = house(general());
    for name in ["ada", "bob", "eve"] {
        let (_, session) = house.sign_in(name).await;
        let code = SupportCode::of(session.id).to_string().parse().unwrap();
        let found = house.sessions.find_by_support_code(code).await.unwrap();
        assert_eq!(found.iter().map(|session| session.subject.as_str()).collect::<Vec<_>>(), [name]);
    }
    let none = SupportCode::of(SessionId::from_bytes([0xff; 16]));
    assert_eq!(house.sessions.find_by_support_code(none).await.unwrap(), []);
}

#[tokio::test]
async fn a_bag_has_bounds_and_ends_with_its_session() {
    let house = house(general());
    let (_, session) = house.sign_in("ada").await;
    let put = |key: String, length: usize| {
        let sessions = &house.sessions;
        async move { sessions.put_data(session.id, &key, vec![b' '; length], Precondition::Always).await }
    };
    for key in ["", "a b", "ü", &"k".repeat(65)] {
        assert!(matches!(put(key.to_owned(), 1).await, Err(BagError::BadKey)), "{key}");
    }
    assert!(matches!(put("a".into(), LARGEST_VALUE + 1).await, Err(BagError::TooLarge(_))));
    for number in 0..MOST_KEYS {
        put(format!("key-{number}"), LARGEST_VALUE).await.unwrap();
    }
    assert!(matches!(put("one-more".into(), 1).await, Err(BagError::TooMany)));
    put("key-0".into(), 1).await.unwrap();
    house.sessions.delete_data(session.id, "key-1", Precondition::Present).await.unwrap();
    put("one-more".into(), 1).await.unwrap();
    house.sessions.end(session.id, EndReason::SignedOut, Actor::Person).await.unwrap();
    assert!(matches!(put("key-0".into(), 1).await, Err(BagError::Gone)));
    let record = house.sessions.load(session.id).await.unwrap().unwrap();
    assert!(matches!(record.session.state, State::Ended { .. }));
}
