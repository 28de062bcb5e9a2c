//! Forward-auth behind a real Caddy, with the configuration of `examples/caddy/`.

use tenure_tests::front::Front;

use crate::forward_auth::{self, Beside};

#[test]
fn a_request_without_a_session_is_refused_and_a_person_is_led_back() {
    forward_auth::refuses_and_leads_back(&Beside::start(Front::caddy));
}

#[test]
fn the_application_gets_the_identity_and_nothing_else() {
    forward_auth::passes_identity_and_nothing_else(&Beside::start(Front::caddy));
}

#[test]
fn a_public_route_passes_without_identity() {
    forward_auth::passes_public_routes_without_identity(&Beside::start(Front::caddy));
}

#[test]
fn no_proxy_header_of_the_client_is_believed() {
    forward_auth::believes_no_header_of_the_client(&Beside::start(Front::caddy));
}

#[test]
fn websockets_open_with_a_session_only() {
    forward_auth::carries_websockets(&Beside::start(Front::caddy));
}

#[test]
fn a_session_locks_and_unlocks() {
    forward_auth::locks_and_unlocks(&Beside::start(Front::caddy));
}

#[test]
fn nothing_passes_while_tenure_is_down() {
    forward_auth::is_closed_while_tenure_is_down(&mut Beside::start(Front::caddy));
}
