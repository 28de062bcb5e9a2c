//! Kept requests go with their sessions and with their time; so do problem reports.

use std::sync::Arc;
use std::time::Duration;

use tenure::core::SessionId;
use tenure::service::{EventKind, Next};
use tenure::store::Store;

use crate::edge::Gateway;

/// How often is looked for what has expired, and for what could not be looked at before.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Removes what was kept for sessions that end, and what has expired.
pub(super) async fn follow_sessions<S: Store>(gateway: Arc<Gateway<S>>) {
    let mut events = gateway.sessions.events().subscribe(None);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    // Sessions may have ended while nobody listened: before this start, or while too much happened at once.
    let mut all_unsure = true;
    loop {
        tokio::select! {
            next = events.next() => match next {
                Some(Next::Event(event)) => {
                    if let (EventKind::Ended(_), Some(session)) = (event.kind, event.session) {
                        all_unsure |= !forget(&gateway, session).await;
                    }
                }
                Some(Next::Missed) => all_unsure = true,
                None => return,
            },
            _ = ticks.tick() => {
                if all_unsure {
                    all_unsure = !look_at_all(&gateway).await;
                }
                expire(&gateway).await;
                gateway.reports.expire();
            }
        }
    }
}

/// Looks at every session that something is kept for. Gives whether the store and the disk answered.
async fn look_at_all<S: Store>(gateway: &Gateway<S>) -> bool {
    for session in gateway.kept.sessions() {
        let live = match gateway.sessions.load(session).await {
            Ok(record) => record.is_some_and(|record| record.session.is_live()),
            Err(_) => return false,
        };
        if !live && !forget(gateway, session).await {
            return false;
        }
    }
    true
}

async fn forget<S: Store>(gateway: &Gateway<S>, session: SessionId) -> bool {
    match gateway.kept.end_session(session).await {
        Ok(count) => {
            gateway.metrics.kept_requests_gone(count);
            true
        }
        Err(error) => {
            tracing::error!(%session, %error, "what was kept for an ended session could not be removed from the disk");
            false
        }
    }
}

async fn expire<S: Store>(gateway: &Gateway<S>) {
    match gateway.kept.expire().await {
        Ok(count) => gateway.metrics.kept_requests_gone(count),
        Err(error) => tracing::error!(%error, "an expired kept request could not be removed from the disk"),
    }
}
