//! The main job: sign in, work, be away, be told why, unlock, go on.

use tenure_tests::forms::Form;
use tenure_tests::{Request, until};

use crate::world::{ADA, GRACE, PASSWORD, World, assert_refused, assert_sent_to_gateway, seen, seen_once};

#[test]
fn a_person_signs_in_works_is_away_is_told_why_unlocks_and_goes_on() {
    let world = World::impatient();
    let mut browser = world.tenure.browser();

    let first = browser.get("/echo/notes?page=2");
    assert_sent_to_gateway(&first);
    assert_eq!(world.upstream.requests(), 0, "nothing reaches the application without a session");

    let page = browser.follow(first);
    let form = Form::find(&page.text(), "/sign-in").fill("username", ADA).fill("password", PASSWORD);
    let signed_in = browser.submit(&form);
    assert_eq!((signed_in.status, signed_in.location()), (303, "/echo/notes?page=2"));
    let token = browser.cookie("tenure").expect("the session cookie").to_owned();

    let arrived = browser.follow(signed_in);
    assert_eq!(arrived.json()["target"], "/echo/notes?page=2");
    assert_eq!(seen_once(&arrived, "tenure-subject"), ADA);
    assert!(seen_once(&arrived, "tenure-session").starts_with("ses_"));
    assert!(!seen_once(&arrived, "tenure-auth-time").is_empty());
    assert!(!seen_once(&arrived, "tenure-assurance").is_empty());
    assert!(seen(&arrived, "cookie").iter().all(|cookie| !cookie.contains(&token)), "the token stays here");

    until("the session locks", || {
        (browser.get("/.tenure/session").json()["state"] == "locked").then_some(())
    });
    let before = world.upstream.requests();
    assert_refused(&browser.fetch("GET", "/echo"), "idle");
    let stopped = browser.get("/echo/notes?page=3");
    assert_sent_to_gateway(&stopped);
    assert_eq!(world.upstream.requests(), before, "a locked session reaches no application");

    let why = browser.visit("/.tenure/why");
    assert_eq!(why.status, 200);
    assert!(why.text().contains("ses_") || why.text().contains("Support code"), "{}", why.text());
    assert!(!why.text().contains(&token));

    let wrong = browser.try_unlock("not the password");
    assert_ne!(wrong.status, 303, "a wrong password unlocks nothing");
    assert_refused(&browser.fetch("GET", "/echo"), "idle");

    let unlocked = browser.try_unlock(PASSWORD);
    assert_eq!(unlocked.status, 303, "{}", unlocked.text());
    assert_ne!(browser.cookie("tenure"), Some(token.as_str()), "unlocking rotates the token");
    assert_eq!(seen_once(&browser.get("/echo"), "tenure-subject"), ADA);
    assert!(!world.tenure.log().contains(&token), "no token reaches the log");
    assert!(!world.tenure.log().contains(PASSWORD), "no password reaches the log");
}

#[test]
fn the_form_in_a_frame_unlocks_and_never_leads_to_the_application() {
    let world = World::impatient();
    let mut browser = world.ada();
    until("the session locks", || {
        (browser.get("/.tenure/session").json()["state"] == "locked").then_some(())
    });
    let page = browser.get("/.tenure/unlock?frame=1&return_to=/echo");
    assert_eq!(page.header("cross-origin-embedder-policy"), Some("require-corp"));
    assert_eq!(page.header("cross-origin-opener-policy"), None, "the window can be closed by its opener");
    assert!(
        page.header("content-security-policy")
            .is_some_and(|policy| policy.contains("frame-ancestors 'self'"))
    );

    let form = Form::find(&page.text(), "/unlock");
    let wrong = form.clone().fill("password", "not the password");
    let mut by_client = Request::new("POST", &wrong.action)
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(wrong.encode());
    let told = browser.fetch_with(by_client.clone());
    assert_eq!((told.status, told.json()["detail"].as_str().is_some()), (401, true), "{}", told.text());
    assert!(browser.submit(&wrong).text().contains("role=\"alert\""), "without the client it is a page");

    by_client = by_client.body(form.fill("password", PASSWORD).encode());
    let done = browser.fetch_with(by_client);
    assert_eq!((done.status, done.location()), (303, "/.tenure/unlock?frame=1"), "{}", done.text());
    let before = world.upstream.requests();
    let page = browser.follow(done);
    assert!(page.text().contains("You are signed in") && !page.text().contains("<form"), "{}", page.text());
    assert_eq!(world.upstream.requests(), before);
    assert_eq!(seen_once(&browser.get("/echo"), "tenure-subject"), ADA);
}

#[test]
fn an_event_stream_goes_on_from_the_event_in_its_address() {
    let world = World::start();
    let arrived = world.ada().fetch("GET", "/echo?a=1&tenure-last-event-id=42%20b");
    assert_eq!(arrived.json()["target"], "/echo?a=1");
    assert_eq!(seen_once(&arrived, "last-event-id"), "42 b");
}

#[test]
fn requests_of_a_machine_do_not_keep_a_session_from_locking() {
    let world = World::impatient();
    let mut browser = world.ada();
    until("the session locks although a script polls", || {
        let response =
            browser.fetch_with(Request::new("GET", "/echo/poll").with("Tenure-Activity", "passive"));
        (response.status == 401).then_some(())
    });
    assert_refused(&browser.fetch("GET", "/echo"), "idle");
}

#[test]
fn another_person_who_signs_in_at_a_locked_browser_gets_nothing_and_ends_the_session() {
    let world = World::impatient();
    let mut browser = world.ada();
    let old = browser.clone_cookies();
    until("the session locks", || {
        (browser.get("/.tenure/session").json()["state"] == "locked").then_some(())
    });

    browser.sign_in(GRACE, PASSWORD);
    assert_eq!(seen_once(&browser.get("/echo"), "tenure-subject"), GRACE);

    let mut thief = world.tenure.browser();
    thief.cookies = old;
    assert_refused(&thief.fetch("GET", "/echo"), "different_subject");
}

#[test]
fn a_session_that_has_been_signed_out_never_answers_again_not_even_after_a_restart() {
    let mut world = World::start();
    let mut browser = world.ada();
    let old = browser.clone_cookies();

    let out = sign_out(&mut browser);
    assert_eq!(out.status, 303, "{}", out.text());
    let mut again = world.tenure.browser();
    again.cookies = old.clone();
    assert_refused(&again.fetch("GET", "/echo"), "signed_out");

    world.tenure.stop();
    world.tenure = world.setup.start();
    let mut again = world.tenure.browser();
    again.cookies = old;
    assert_refused(&again.fetch("GET", "/echo"), "signed_out");
}

#[test]
fn sessions_survive_a_restart() {
    let mut world = World::start();
    let mut browser = world.ada();
    world.tenure.stop();
    world.tenure = world.setup.start();
    assert_eq!(seen_once(&browser.get("/echo"), "tenure-subject"), ADA);
}

#[test]
fn identity_headers_of_the_client_never_reach_the_application() {
    let world = World::start();
    let mut browser = world.ada();
    let response = browser.fetch_with(
        Request::new("GET", "/echo")
            .with("Tenure-Subject", "root")
            .with("Tenure_Subject", "root")
            .with("tenure_auth-time", "0")
            .with("TENURE-ASSURANCE", "aal3"),
    );
    assert_eq!(seen(&response, "tenure-subject"), [ADA]);
    assert!(seen(&response, "tenure_subject").is_empty());
    assert!(seen(&response, "tenure_auth-time").is_empty());
    assert_eq!(seen(&response, "tenure-assurance"), ["aal1"]);
}

#[test]
fn a_sign_in_form_sent_by_another_site_is_refused() {
    let world = World::start();
    let mut browser = world.tenure.browser();
    let page = browser.visit("/.tenure/sign-in");
    let form = Form::find(&page.text(), "/sign-in").fill("username", ADA).fill("password", PASSWORD);
    let forged = Request::new("POST", "/.tenure/sign-in")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .with("Sec-Fetch-Site", "cross-site")
        .with("Sec-Fetch-Mode", "navigate")
        .with("Origin", "https://elsewhere.example")
        .with("Accept", "text/html")
        .body(form.encode());
    assert_ne!(browser.send(forged).status, 303);
    assert_eq!(browser.cookie("tenure"), None);

    let without_token = form.fill("form_token", "");
    assert_ne!(browser.submit(&without_token).status, 303);
    assert_eq!(browser.cookie("tenure"), None);
}

#[test]
fn a_client_cannot_choose_its_session() {
    let world = World::start();
    let (mut chosen, mut browser) = (world.ada(), world.tenure.browser());
    let planted = chosen.cookie("tenure").unwrap().to_owned();
    browser.set_cookie("tenure", &planted);
    sign_out(&mut chosen);
    browser.sign_in(GRACE, PASSWORD);
    assert_ne!(browser.cookie("tenure"), Some(planted.as_str()));
}

#[test]
fn nobody_is_sent_to_another_site_after_signing_in() {
    let world = World::start();
    for evil in
        ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:alert(1)"]
    {
        let mut browser = world.tenure.browser();
        let escaped = tenure_tests::forms::encode([("return_to", evil)]);
        let response = browser.try_sign_in(&format!("/.tenure/sign-in?{escaped}"), ADA, PASSWORD);
        assert_eq!((response.status, response.location()), (303, "/"), "{evil}");
        sign_out(&mut browser);
    }
}

/// Signs out with the form of the page of one's sessions.
fn sign_out(browser: &mut tenure_tests::Browser) -> tenure_tests::Response {
    let page = browser.visit("/.tenure/account/sessions");
    let form = Form::all(&page.text())
        .into_iter()
        .find(|form| form.action.ends_with("/end") && page.text().contains("on this device"))
        .unwrap_or_else(|| panic!("no session to end in this page:\n{}", page.text()));
    browser.submit(&form)
}
