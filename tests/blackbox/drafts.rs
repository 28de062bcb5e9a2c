//! The key of drafts: who gets it, and who does not.

use tenure_tests::{Request, until};

use crate::world::{ADA, GRACE, PASSWORD, World, assert_refused};

const KEY: &str = "/.tenure/drafts/key";

#[test]
fn an_active_session_gets_the_key_of_its_person_at_its_browser_and_no_cache_keeps_it() {
    let world = World::start();
    let mut browser = world.ada();
    let answer = browser.fetch("GET", KEY);
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let first = answer.json();
    assert_eq!(first["key"].as_str().unwrap().len(), 43, "256 bits");
    assert_eq!(browser.fetch("GET", KEY).json(), first, "the same whenever it is asked for");

    browser.set_cookie("tenure", "lost");
    browser.sign_in(ADA, PASSWORD);
    assert_eq!(browser.fetch("GET", KEY).json(), first, "a new sign-in at the same browser changes nothing");
    assert_ne!(world.ada().fetch("GET", KEY).json(), first, "another browser has another key");
    browser.set_cookie("tenure", "lost");
    browser.sign_in(GRACE, PASSWORD);
    assert_ne!(browser.fetch("GET", KEY).json(), first, "so has another person");
}

#[test]
fn signing_out_destroys_the_key_and_leaves_the_storage_of_the_application_alone() {
    let world = World::start();
    let mut browser = world.ada();
    let first = browser.fetch("GET", KEY).json();
    let signed_out = browser.fetch("POST", "/.tenure/sign-out");
    assert_eq!((signed_out.status, signed_out.header("clear-site-data")), (303, None));
    browser.sign_in(ADA, PASSWORD);
    assert_ne!(browser.fetch("GET", KEY).json(), first);
}

#[test]
fn nobody_else_gets_a_key() {
    let world = World::impatient();
    assert_refused(&world.tenure.browser().fetch("GET", KEY), "none");
    let mut browser = world.ada();
    let foreign = Request::new("GET", KEY)
        .with("Cookie", format!("tenure={}", browser.cookie("tenure").unwrap()))
        .with("Sec-Fetch-Site", "cross-site");
    assert_eq!(world.tenure.browser().send(foreign).status, 403);
    // Asking for it is no activity.
    until("the session locks", || {
        let answer = browser.fetch("GET", KEY);
        (answer.status == 401).then(|| assert_refused(&answer, "idle"))
    });
}

#[test]
fn keys_that_the_ring_does_not_have_are_not_made_up() {
    let world = World::start();
    let mut browser = world.ada();
    assert_eq!(browser.fetch("GET", &format!("{KEY}?id=1")).status, 200);
    for id in ["2", "0", "65536", "-1", "x", ""] {
        assert_eq!(browser.fetch("GET", &format!("{KEY}?id={id}")).status, 404, "{id}");
    }
    assert_eq!(browser.fetch("POST", KEY).status, 405);
}

#[test]
fn a_mark_of_an_older_version_is_replaced_when_a_key_is_asked_for() {
    let world = World::start();
    let mut browser = world.ada();
    browser.set_cookie("tenure-mark", "1");
    let first = browser.fetch("GET", KEY).json();
    assert_eq!(browser.cookie("tenure-mark").unwrap().len(), 24);
    assert_eq!(browser.fetch("GET", KEY).json(), first);
}
