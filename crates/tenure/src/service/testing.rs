//! What the tests of this folder share.

use std::sync::Arc;

use super::*;
use crate::clock::ManualClock;
use crate::core::{Assurance, Audience, Preset, Subject};
use crate::keys::KeyRing;
use crate::store::MemoryStore;

pub(super) const HOST: &str = "wiki.example.com";

pub(super) struct House {
    pub(super) sessions: Arc<Sessions<MemoryStore>>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) policy: Policy,
}

pub(super) fn general() -> Policy {
    Policy::builder(Preset::General).build().unwrap()
}

pub(super) fn ada() -> Subject {
    Subject::new("ada").unwrap()
}

pub(super) fn proof(name: &str) -> Proof {
    Proof { subject: Subject::new(name).unwrap(), assurance: Assurance::Aal1 }
}

pub(super) fn here() -> Audience {
    Audience::of_host(HOST)
}

pub(super) fn house(policy: Policy) -> House {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
    let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
    let sessions = Sessions::new(MemoryStore::new(), keys, clock.clone(), policy.clone());
    House { sessions: Arc::new(sessions), clock, policy }
}

impl House {
    pub(super) async fn sign_in(&self, name: &str) -> (String, Session) {
        let who = SignIn::new(Subject::new(name).unwrap(), Assurance::Aal1, HOST);
        let signed_in = self.sessions.sign_in(who, &self.policy).await.unwrap();
        (signed_in.token.expose(), signed_in.session)
    }

    pub(super) async fn request(&self, token: &str) -> Outcome {
        let request = crate::core::Request::active(&self.policy);
        self.sessions.judge(token, here(), &request).await.unwrap()
    }
}
