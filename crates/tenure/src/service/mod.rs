//! [`Sessions`]: the only place that loads, judges and saves sessions.
//!
//! * [`sign_in`] makes sessions, within the limit of sessions.
//! * [`judging`] answers each request; it is the hot path and allocates nothing.
//! * [`unlocking`], [`renewing`]: proofs of the same person, and new tokens.
//! * [`locking`], [`ending`], [`sweep`]: what takes away, by somebody or by time.
//! * [`bag`]: the data that applications keep in a session.
//! * [`work`]: what people do around a session, for its timeline.
//! * [`explain`], [`listing`], [`support_code`]: what people want to know.
//! * [`events`], [`watching`]: what others are told.

pub mod bag;
pub mod ending;
pub mod events;
pub mod explain;
pub mod judging;
pub mod listing;
pub mod locking;
pub mod renewing;
mod retry;
pub mod sign_in;
pub mod support_code;
pub mod sweep;
mod transition;
pub mod unlocking;
pub mod watching;
pub mod work;

use std::sync::Arc;

pub use bag::BagError;
pub use ending::Endings;
pub use events::{Event, EventKind, Events, Next, Subscription};
pub use explain::{Coming, Explanation, Foreseen, Limits};
pub use judging::Outcome;
pub use locking::LockOutcome;
pub use renewing::RenewError;
pub use sign_in::{SignIn, SignInError, SignedIn};
pub use support_code::{ParseSupportCodeError, SupportCode};
pub use sweep::Swept;
pub use unlocking::{Proof, UnlockError};
pub use watching::Watch;
pub use work::Work;

use crate::clock::Clock;
use crate::core::token::{Token, TokenHash};
use crate::core::{MissingReason, Policy, Session, Timestamp};
use crate::keys::SharedKeys;
use crate::store::{Store, Unavailable};

use watching::Watchers;

/// Which policy holds for a session where no request says so: in the background and for
/// administration. Gateways give the policy of the session's host.
pub type PolicyOf = Arc<dyn Fn(&Session) -> Arc<Policy> + Send + Sync>;

/// The sessions of a service.
///
/// ```
/// # use std::sync::Arc;
/// # use tenure::{clock::ManualClock, core::*, keys::*, service::*, store::*};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
/// let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
/// let policy = Policy::builder(Preset::General).build().unwrap();
/// let sessions = Sessions::new(MemoryStore::new(), keys, clock.clone(), policy.clone());
///
/// let who = SignIn::new(Subject::new("ada")?, Assurance::Aal1, "wiki.example.com");
/// let signed_in = sessions.sign_in(who, &policy).await?;
/// let cookie = signed_in.token.expose();
///
/// let audience = Audience::of_host("wiki.example.com");
/// let outcome = sessions.judge(&cookie, audience, &Request::active(&policy)).await?;
/// assert!(outcome.passes());
///
/// clock.advance(policy.idle_timeout());
/// let outcome = sessions.judge(&cookie, audience, &Request::active(&policy)).await?;
/// assert_eq!(outcome.reason(), Some(Reason::Locked(LockReason::Idle)));
/// # Ok(()) }
/// ```
pub struct Sessions<S> {
    store: S,
    keys: SharedKeys,
    clock: Arc<dyn Clock>,
    policy_of: PolicyOf,
    events: Arc<Events>,
    watchers: Arc<Watchers>,
}

impl<S: Store> Sessions<S> {
    /// Serves the sessions of a store. `policy` holds where no request brings one, see
    /// [`with_policies`](Self::with_policies).
    pub fn new(store: S, keys: SharedKeys, clock: Arc<dyn Clock>, policy: Policy) -> Self {
        let policy = Arc::new(policy);
        let events = Arc::new(Events::starting_at(clock.now()));
        Self {
            store,
            keys,
            clock,
            policy_of: Arc::new(move |_| Arc::clone(&policy)),
            events,
            watchers: Arc::default(),
        }
    }

    /// Lets a function say which policy holds for a session where no request brings one, so that
    /// hosts may differ and a changed configuration holds at once.
    #[must_use]
    pub fn with_policies(mut self, policy_of: PolicyOf) -> Self {
        self.policy_of = policy_of;
        self
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Stops serving and gives the store back.
    pub fn into_store(self) -> S {
        self.store
    }

    /// The key ring.
    pub const fn keys(&self) -> &SharedKeys {
        &self.keys
    }

    /// The present moment on the clock that sessions are judged against.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where everything that happens to sessions is told.
    pub fn events(&self) -> &Arc<Events> {
        &self.events
    }

    fn policy_of(&self, session: &Session) -> Arc<Policy> {
        (self.policy_of)(session)
    }

    /// Reads and checks a token, without any look-up.
    fn check_token(&self, text: &str) -> Result<TokenHash, MissingReason> {
        let token = Token::parse(text).map_err(|_| MissingReason::CookieMalformed)?;
        self.keys.load().check_token(&token).map_err(|_| MissingReason::CookieForged)
    }

    fn issue_token(&self) -> Result<(Token, TokenHash), Unavailable> {
        self.keys.load().issue_token().map_err(no_randomness)
    }
}

fn no_randomness(error: getrandom::Error) -> Unavailable {
    Unavailable::because(format_args!("the operating system gives no random bits: {error}"))
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
