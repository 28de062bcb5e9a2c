//! `status`: the public status page.

use http::StatusCode;
use tenure::store::Store;

use super::Call;
use crate::edge::reply::{self, Reply};
use crate::pages::{self, Moment};

/// `GET status`: up, or not. It tells nothing about anyone.
pub(super) fn show<S: Store>(call: &Call<'_, S>) -> Reply {
    let page = pages::Status {
        ctx: call.settings.page(call.visit),
        up: call.gateway.is_healthy(),
        checked: Moment(call.gateway.now().as_millis()),
        maintenance: None,
        incidents: Vec::new(),
    };
    reply::page(StatusCode::OK, &page)
}
