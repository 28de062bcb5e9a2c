//! What goes wrong in a call of the administration listener, as RFC 9457 describes it.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use tenure::store::Unavailable;

use crate::web::problem::Problem;

/// An answer that says what went wrong.
pub(super) type Failure = Response<Body>;

/// A problem with this status.
pub(super) fn problem(status: StatusCode, detail: impl Into<String>) -> Failure {
    Problem::of_status(status, detail).into_response::<Body>()
}

/// No such address.
pub(super) async fn not_found() -> Failure {
    problem(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

/// No such session.
pub(super) fn no_session() -> Failure {
    problem(
        StatusCode::NOT_FOUND,
        "No session of this id or support code is known, ended ones of the last days included.",
    )
}

/// The store does not answer.
#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub(super) fn unavailable(error: Unavailable) -> Failure {
    tracing::warn!(%error, "a call of the administration listener could not reach the store");
    Problem::of_status(
        StatusCode::SERVICE_UNAVAILABLE,
        "The store does not answer. Nothing is known about any session.",
    )
    .retry_after(5)
    .into_response::<Body>()
}
