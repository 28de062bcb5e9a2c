//! A case too rare for chance: somebody signs out twice, quickly, and the machine crashes.

use std::sync::Arc;
use std::task::Poll;

use crate::clock::ManualClock;
use crate::core::*;
use crate::keys::{KeyRing, SharedKeys};
use crate::service::*;
use crate::store::*;

use super::medium::{Crashes as _, JournaledMemory};
use super::schedule::{Gated, step};

#[tokio::test]
async fn a_second_sign_out_is_answered_only_when_the_first_is_durable() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
    let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
    let policy = Policy::builder(Preset::General).build().unwrap();
    let store = Gated(JournaledMemory::create(clock.clone()).await);
    let sessions = Arc::new(Sessions::new(store, keys, clock, policy.clone()));
    let who = SignIn::new(Subject::new("ada").unwrap(), Assurance::Aal1, "wiki.example.com");
    let id = sessions.sign_in(who, &policy).await.unwrap().session.id;
    let sign_out = || {
        let sessions = Arc::clone(&sessions);
        let ending = async move { sessions.end(id, EndReason::SignedOut, Actor::Person).await };
        Box::pin(ending) as std::pin::Pin<Box<dyn Future<Output = Result<Endings, Unavailable>>>>
    };
    let (mut first, mut second) = (sign_out(), sign_out());
    let in_force = || async { !sessions.store().0.load(id).await.unwrap().unwrap().session.is_live() };
    while !in_force().await {
        assert!(step(&mut first).await.is_pending());
    }
    for _ in 0..10 {
        assert!(step(&mut second).await.is_pending(), "answered, although a crash would undo it");
    }
    let Endings::Now(ending) = first.await.unwrap() else { panic!("the first one ended it") };
    loop {
        if let Poll::Ready(answer) = step(&mut second).await {
            assert_eq!(answer.unwrap(), Endings::Before(ending));
            break;
        }
    }
}
