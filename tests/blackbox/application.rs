//! The application behind the gateway is down, slow, or says no by itself.

use std::net::SocketAddr;

use tenure_tests::{Browser, Connection, Request, Setup, ports};

use crate::world::{ADA, PASSWORD, World, seen_once};

fn in_front_of(application: SocketAddr) -> (Setup, tenure_tests::Tenure) {
    let setup = Setup::new(application);
    setup.add_user(ADA, PASSWORD);
    let tenure = setup.start();
    (setup, tenure)
}

#[test]
fn an_application_that_is_down_is_told_apart_from_a_session_that_ended() {
    let (_setup, tenure) = in_front_of(ports::free());
    let mut browser = tenure.browser();
    browser.sign_in(ADA, PASSWORD);
    let page = browser.get("/echo");
    assert_eq!(page.status, 502, "{}", page.text());
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let problem = browser.fetch("GET", "/echo");
    assert_eq!(problem.status, 502);
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
    assert!(
        !problem.text().contains("urn:tenure:reason"),
        "it is no reason of a session: {}",
        problem.text()
    );
    assert_eq!(browser.get("/.tenure/session").json()["state"], "active");
}

#[test]
fn a_slow_answer_holds_up_nobody_else() {
    let world = World::start();
    let mut browser = world.ada();
    let mut slow = Connection::open(world.tenure.address).unwrap();
    let request = browser.dress(Browser::navigation(Request::new("GET", "/slow")));
    slow.write(&request.to_bytes()).unwrap();
    tenure_tests::until("the slow request is with the application", || {
        (world.upstream.requests() > 0).then_some(())
    });
    assert_eq!(seen_once(&browser.get("/echo"), "tenure-subject"), ADA);
    world.upstream.release();
    assert_eq!(slow.read(false).unwrap().text(), "at last");
}

#[test]
fn the_401_of_the_application_is_left_as_it_is() {
    let world = World::start();
    let mut browser = world.ada();
    let response = browser.fetch("GET", "/refuse");
    assert_eq!((response.status, response.text().as_str()), (401, "the application says no"));
}

#[test]
fn an_upload_arrives_as_it_was_sent() {
    let world = World::start();
    let mut browser = world.ada();
    let body = "0123456789abcdef".repeat(128 * 1024);
    let response = browser.fetch_with(Request::new("PUT", "/echo").body(body.clone()));
    assert_eq!(response.status, 200);
    assert!(response.json()["body"] == body.as_str(), "2 MiB arrive unchanged");
}
