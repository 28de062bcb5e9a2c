//! How long an open stream may go on: as long as its session is active under the policy of its route.

use std::sync::Arc;
use std::time::Duration;

use tenure::core::{MissingReason, Policy, Reason, Request, SessionId};
use tenure::service::Outcome;
use tenure::store::Store;

use super::gateway::Gateway;
use crate::proxy::{CloseReason, Until};

/// While the store does not answer nothing is known about the session, and the stream goes on; it is asked
/// again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// No wait is longer: a stream of a session with far limits looks at them now and then.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Completes when the session of a stream is locked or ended, by somebody or by time.
pub(super) fn until_stopped<S: Store>(
    gateway: Arc<Gateway<S>>,
    id: SessionId,
    token: String,
    audience: tenure::core::Audience,
    policy: Arc<Policy>,
) -> Until {
    let token = zeroize::Zeroizing::new(token);
    Box::pin(async move {
        let reason = wait(&gateway, id, &token, audience, &policy).await;
        CloseReason { state: reason.session_state(), reason: reason.code().into() }
    })
}

async fn wait<S: Store>(
    gateway: &Gateway<S>,
    id: SessionId,
    token: &str,
    audience: tenure::core::Audience,
    policy: &Policy,
) -> Reason {
    loop {
        let Ok(mut watch) = gateway.sessions.watch(id).await else {
            tokio::time::sleep(ASK_AGAIN).await;
            continue;
        };
        let next = match gateway.sessions.judge(token, audience, &Request::passive(policy)).await {
            Ok(Outcome::Pass { deadlines, .. } | Outcome::StepUp { deadlines, .. }) => {
                deadlines.first().since(gateway.now()).min(LONGEST_WAIT)
            }
            Ok(outcome) => return outcome.reason().unwrap_or(Reason::Missing(MissingReason::CookieUnknown)),
            Err(_) => ASK_AGAIN,
        };
        tokio::select! {
            reason = watch.stopped() => return reason,
            () = tokio::time::sleep(next) => {}
        }
    }
}
