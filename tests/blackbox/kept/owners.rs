//! Whom a kept request belongs to, and what is never kept.

use tenure_tests::forms::Form;
use tenure_tests::{Browser, Request, Response};

use super::steps::{files, form, keep, lock, press_send, unlock, until_nothing_is_kept, world};
use crate::world::{ADA, GRACE, PASSWORD, World};

/// The page, but for the number of the request.
fn without_request(response: &Response) -> String {
    response.text().split("<footer").next().unwrap().to_owned()
}

#[test]
fn scenario_10_another_person_who_signs_in_gets_nothing_of_it() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let (id, _) = keep(&mut browser, "/echo/save", "secret=plan");
    let before = world.upstream.requests();
    browser.sign_in(GRACE, PASSWORD);
    until_nothing_is_kept(&world.setup);
    let page = browser.get(&format!("/.tenure/kept/{id}"));
    assert_eq!(page.status, 410, "{}", page.text());
    assert!(!page.text().contains("plan") && !page.text().contains("/echo/save"));
    assert_eq!(world.upstream.requests(), before);
}

#[test]
fn the_same_person_who_signs_in_afresh_is_led_to_what_waits() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    keep(&mut browser, "/echo/save", "title=Minutes");
    let answer = browser.try_sign_in("/.tenure/sign-in?return_to=/echo", ADA, PASSWORD);
    assert_eq!((answer.status, answer.location()), (303, "/.tenure/kept"), "{}", answer.text());
    assert!(browser.follow(answer).text().contains("/echo/save"));
}

#[test]
fn another_subject_and_an_id_that_never_was_get_the_same_page() {
    let world = world();
    let mut ada = world.ada();
    lock(&mut ada);
    let (id, answer) = keep(&mut ada, "/echo/save", "secret=plan");
    let unlocked = unlock(&mut ada, answer);
    let page = ada.follow(unlocked);

    let mut grace = world.tenure.browser();
    grace.sign_in(GRACE, PASSWORD);
    let never = format!("kept_{}", "0".repeat(32));
    let of = |browser: &mut Browser, id: &str| browser.get(&format!("/.tenure/kept/{id}"));
    let (theirs, unknown, odd) = (of(&mut grace, &id), of(&mut grace, &never), of(&mut grace, "kept_x"));
    assert_eq!((theirs.status, unknown.status, odd.status), (410, 410, 410));
    assert_eq!(without_request(&theirs), without_request(&unknown));
    assert_eq!(without_request(&theirs), without_request(&odd));

    let send = Form::find(&page.text(), "/replay");
    let discard = Form::find(&page.text(), "/discard");
    let theirs = grace.submit(&send);
    assert_eq!(theirs.status, 410);
    assert_eq!(theirs.header("location"), None, "not even where it goes");
    let own_token = Form::find(&grace.get("/.tenure/account/sessions").text(), "/end");
    for form in [&discard, &Form { action: format!("/echo/save?tenure-kept={id}"), ..send }] {
        assert_eq!(grace.submit(form).status, 403, "a form of ada's");
        let fields = own_token.fields.clone();
        assert_eq!(grace.submit(&Form { fields, ..form.clone() }).status, 403, "a token of another form");
    }
    assert!(grace.get("/.tenure/kept").text().contains("Nothing that you sent is waiting"));
    assert_eq!(press_send(&mut ada, &page).status, 200, "it is still hers");
}

#[test]
fn it_goes_when_its_session_ends() {
    let world = world();
    let ends: [fn(&World, &mut Browser); 2] = [
        |_, browser| {
            browser.fetch("POST", "/.tenure/sign-out");
        },
        |world, browser| {
            let id = browser.get("/.tenure/session").json()["session"].as_str().unwrap().to_owned();
            let ended = world.tenure.administration("DELETE", &format!("/v1/sessions/{id}"));
            assert!(ended.status < 300, "{}", ended.text());
        },
    ];
    for end in ends {
        let mut browser = world.ada();
        lock(&mut browser);
        keep(&mut browser, "/echo/save", "a=b");
        assert_eq!(files(&world.setup).len(), 1);
        end(&world, &mut browser);
        until_nothing_is_kept(&world.setup);
    }
}

#[test]
fn what_does_not_prove_that_a_page_of_this_site_sent_it_is_never_kept() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let before = world.upstream.requests();
    let here = format!("http://{}", world.tenure.address);
    let elsewhere = "https://elsewhere.example";
    let sent = |headers: &[(&str, &str)]| {
        let mut request = Request::new("POST", "/echo/save")
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("Accept", "text/html")
            .body("a=b");
        for (name, value) in headers {
            request = request.with(name, *value);
        }
        request
    };
    let site = "Sec-Fetch-Site";
    for headers in [
        &[(site, "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Origin", elsewhere)][..],
        &[(site, "same-site"), ("Sec-Fetch-Mode", "navigate"), ("Origin", here.as_str())],
        &[(site, "none"), ("Sec-Fetch-Mode", "navigate")],
        &[(site, "same-origin"), ("Sec-Fetch-Mode", "navigate"), ("Origin", elsewhere)],
        &[("Origin", elsewhere)],
        &[("Origin", "null"), ("Referer", here.as_str())],
        &[("Referer", elsewhere)],
        &[],
    ] {
        let answer = browser.send(sent(headers));
        assert!(answer.location().ends_with("&sent=other_site"), "{headers:?}: {}", answer.location());
        assert!(files(&world.setup).is_empty(), "{headers:?}");
        let page = browser.follow(answer);
        assert!(page.text().contains("it is not kept, because it did not come from a page of this site"));
    }
    for headers in [&[("Origin", here.as_str())][..], &[("Referer", format!("{here}/page").as_str())]] {
        let answer = browser.send(sent(headers));
        assert!(answer.location().contains("&kept=kept_"), "{headers:?}: {}", answer.location());
    }
    assert_eq!(world.upstream.requests(), before);
}

#[test]
fn what_a_script_sends_is_told_so_and_not_kept() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let answer = browser.fetch_with(Request::new("POST", "/echo/save").body("a=b"));
    assert_eq!((answer.status, answer.header("tenure-not-forwarded")), (401, Some("1")));
    assert!(files(&world.setup).is_empty());
}

#[test]
fn without_a_session_the_page_says_honestly_that_nothing_is_kept() {
    let world = world();
    let mut stranger = world.tenure.browser();
    let answer = stranger.send(form(&stranger, "/echo/save", "a=b"));
    let page = stranger.follow(answer);
    assert!(page.text().contains("it could not be kept"), "{}", page.text());

    let mut ended = world.ada();
    let cookies = ended.clone_cookies();
    ended.fetch("POST", "/.tenure/sign-out");
    ended.cookies = cookies;
    let answer = ended.send(form(&ended, "/echo/save", "a=b"));
    let page = ended.follow(answer);
    assert!(page.text().contains("it could not be kept"), "{}", page.text());
    assert!(files(&world.setup).is_empty());
}
