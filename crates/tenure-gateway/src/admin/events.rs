//! `GET /v1/events`: what happens to sessions, as server-sent events (HTML Standard, section 9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use tenure::service::Next;
use tenure::store::Store;

use super::Admin;

/// Proxies in between give up on silent connections after a minute or so.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Everything from now on, or from the event after `Last-Event-ID` as far as it is still kept. A reader that
/// was too slow, or resumes too late, is told by an event named `missed`.
pub(super) async fn stream<S: Store>(
    State(admin): State<Arc<Admin<S>>>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let events = admin.gateway.sessions.events().subscribe(after);
    let stream = stream::unfold(events, |mut events| async {
        let event = match events.next().await? {
            Next::Missed => Event::default().event("missed").data("{}"),
            Next::Event(event) => {
                let data = serde_json::to_string(&*event).unwrap_or_default();
                Event::default().id(event.sequence.to_string()).event(event.kind.name()).data(data)
            }
        };
        Some((Ok(event), events))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}
