//! What goes on besides requests: sweeping, following the clock, watching the accounts, logging events.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tenure::clock::SteadyClock;
use tenure::core::EndReason;
use tenure::service::{EventKind, Next};
use tenure::store::{Actor, Store};
use tokio::sync::watch;

use crate::accounts::AccountChange;
use crate::edge::Gateway;

/// Tells everybody that the server stops.
#[derive(Clone, Debug)]
pub struct Cancel(watch::Receiver<bool>);

impl Cancel {
    /// A pair: sending `true`, or dropping the sender, cancels.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Returns once the server stops.
    pub async fn cancelled(&mut self) {
        // A dropped sender means the same.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

/// How often the store is asked for sessions that are due.
const SWEEP_EVERY: Duration = Duration::from_millis(250);
/// How many due sessions are dealt with together.
const SWEEP_PORTION: usize = 256;
/// How often the clock moves towards the wall clock.
const CLOCK_EVERY: Duration = Duration::from_secs(1);
/// A wall clock that is further away than this is worth a word.
const CLOCK_TOLERANCE_MILLIS: i64 = 2_000;
/// How often the file of accounts is looked at.
const ACCOUNTS_EVERY: Duration = Duration::from_secs(1);

/// Locks, ends and forgets what is due. An error of the store is told once and tried again; it never stops
/// the sweep.
pub(super) async fn sweep<S: Store>(gateway: Arc<Gateway<S>>) {
    let mut failing = false;
    loop {
        match gateway.sessions.sweep(SWEEP_PORTION).await {
            Ok(swept) => {
                failing = false;
                if swept.more {
                    // There is more. Everybody else comes first.
                    tokio::task::yield_now().await;
                    continue;
                }
            }
            Err(unavailable) if !failing => {
                failing = true;
                tracing::error!(%unavailable, "due sessions could not be dealt with; trying again");
            }
            Err(_) => {}
        }
        gateway.set_healthy(!failing);
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Follows the wall clock, and says so when it has leapt.
pub(super) async fn follow_clock(clock: Arc<SteadyClock>, offset: Arc<AtomicI64>) {
    let mut leapt = false;
    loop {
        let left = clock.follow();
        offset.store(left, Ordering::Relaxed);
        let far = left.abs() > CLOCK_TOLERANCE_MILLIS;
        if far && !leapt {
            tracing::warn!(
                milliseconds = left,
                "the wall clock has leapt; sessions go on by the steady clock, which follows slowly"
            );
        } else if leapt && !far {
            tracing::info!("the steady clock has caught up with the wall clock");
        }
        leapt = far;
        tokio::time::sleep(CLOCK_EVERY).await;
    }
}

/// Ends the sessions of accounts that were removed, disabled, or given another password.
pub(super) async fn watch_accounts<S: Store>(gateway: Arc<Gateway<S>>) {
    loop {
        tokio::time::sleep(ACCOUNTS_EVERY).await;
        for change in gateway.accounts.changes() {
            let (subject, reason) = match change {
                AccountChange::Closed(subject) => (subject, EndReason::EndedByAdministrator),
                AccountChange::CredentialChanged(subject) => (subject, EndReason::CredentialChanged),
            };
            match gateway.sessions.end_subject(&subject, reason, Actor::Administrator).await {
                Ok(_) => tracing::info!(%subject, %reason, "the sessions of a changed account have ended"),
                Err(unavailable) => {
                    tracing::error!(%subject, %unavailable, "the sessions of a changed account could not be ended; trying again");
                    gateway.accounts.remind(change_again(subject, reason));
                }
            }
        }
    }
}

fn change_again(subject: tenure::core::Subject, reason: EndReason) -> AccountChange {
    match reason {
        EndReason::CredentialChanged => AccountChange::CredentialChanged(subject),
        _ => AccountChange::Closed(subject),
    }
}

/// Writes every event to the log, and counts it.
pub(super) async fn log_events<S: Store>(gateway: Arc<Gateway<S>>) {
    let mut events = gateway.sessions.events().subscribe(None);
    while let Some(next) = events.next().await {
        let Next::Event(event) = next else {
            tracing::warn!("some events came too fast to be logged");
            continue;
        };
        let reason = match event.kind {
            EventKind::Locked(reason) => Some(reason.code()),
            EventKind::Ended(reason) => Some(reason.code()),
            _ => None,
        };
        gateway.metrics.event(event.kind.name());
        tracing::info!(
            target: "tenure::events",
            event = event.kind.name(),
            reason,
            session = event.session.map(tracing::field::display),
            subject = %event.subject,
        );
    }
}
