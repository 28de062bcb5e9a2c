//! A problem is reported from the page that explains, and the operator finds it.

use tenure_tests::forms::Form;
use tenure_tests::{Browser, Request, Response, until};

use crate::kept::steps::{keep, lock, press_send, unlock, world};
use crate::world::{World, seen_once};

fn report(browser: &mut Browser, page: &Response, words: &str) -> Response {
    browser.submit(&Form::find(&page.text(), "/.tenure/why/report").fill("words", words))
}

/// The number on the page that answers a report.
fn number(page: &Response) -> String {
    let text = page.text();
    let begin = text.find("rep_").unwrap_or_else(|| panic!("no number of a report in:\n{text}"));
    text[begin..begin + 14].to_owned()
}

fn explain(world: &World, what: &str) -> String {
    let output = world.setup.run(&["explain", what]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_report_about_a_locked_session_is_found_by_its_support_code_and_its_number() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let page = browser.visit("/.tenure/why");
    assert!(
        page.text().contains("Latest events:") && page.text().contains("locked (absolute)"),
        "{}",
        page.text()
    );
    let sent = report(&mut browser, &page, "The form was gone.\u{1b}[2J <b>really</b>");
    assert_eq!(sent.status, 303, "{}", sent.text());
    let answer = browser.follow(sent);
    let id = number(&answer);
    assert!(answer.text().contains("Your report was sent"), "{}", answer.text());

    let code = page.text().split("<code dir=\"ltr\">").nth(1).unwrap()[..11].to_owned();
    let explained = explain(&world, &code);
    for part in [id.as_str(), "problem_reported", "Reason: absolute", "> The form was gone.[2J <b>really</b>"]
    {
        assert!(explained.contains(part), "{part} is not in:\n{explained}");
    }
    let alone = explain(&world, &id);
    assert!(alone.contains(&code) && !alone.contains('\u{1b}'), "{alone}");
    let token = browser.cookie("tenure").unwrap();
    assert!(!explained.contains(token) && !explained.contains(&token[10..30]));
    let log = until("the event is in the log", || {
        Some(world.tenure.log()).filter(|log| log.contains("problem_reported"))
    });
    assert!(!log.contains("The form was gone"), "what people write is not in the log");
}

#[test]
fn a_report_without_any_cookie_is_taken_and_survives_a_kill() {
    let mut world = world();
    let mut browser = world.tenure.browser();
    let page = browser.visit("/.tenure/why?reason=cookie_blocked");
    let mut bare = world.tenure.browser();
    let sent = report(&mut bare, &page, "My cookies are blocked");
    let id = number(&bare.visit(sent.location()));
    world.tenure.kill();
    world.tenure = world.setup.start();
    let found = explain(&world, &id);
    assert!(found.contains("cookie_blocked") && found.contains("> My cookies are blocked"), "{found}");
}

#[test]
fn a_report_from_another_site_and_one_too_many_are_not_taken() {
    let world = world();
    let mut browser = world.tenure.browser();
    let page = browser.visit("/.tenure/why?reason=none");
    let foreign = Request::new("POST", "/.tenure/why/report")
        .with("Origin", "http://evil.example")
        .with("Sec-Fetch-Site", "cross-site")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body("reason=none");
    assert_eq!(browser.send(foreign).status, 403);
    for _ in 0..10 {
        assert_eq!(report(&mut browser, &page, "").status, 303);
    }
    let refused = report(&mut browser, &page, "");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    let all = world.tenure.administration("GET", "/v1/reports").json();
    assert_eq!(all["reports"].as_array().map(Vec::len), Some(10));
}

#[test]
fn the_timeline_tells_that_something_was_kept_sent_and_discarded() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let (_, answer) = keep(&mut browser, "/echo/save", "title=Minutes");
    let unlocked = unlock(&mut browser, answer);
    let page = browser.follow(unlocked);
    assert_eq!(press_send(&mut browser, &page).status, 200);
    lock(&mut browser);
    let (id, answer) = keep(&mut browser, "/echo/save", "title=Notes");
    unlock(&mut browser, answer);
    let page = browser.get(&format!("/.tenure/kept/{id}"));
    assert_eq!(browser.submit(&Form::find(&page.text(), "/discard")).status, 303);
    let session = seen_once(&browser.get("/echo"), "tenure-session");
    let explained = explain(&world, &session);
    for what in
        ["request_kept by the person", "request_sent by the person", "request_discarded by the person"]
    {
        assert!(explained.contains(what), "{what} is not in:\n{explained}");
    }
    assert!(!explained.contains("Minutes") && !explained.contains("Notes"));
}
