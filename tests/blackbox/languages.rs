//! People are told things in their language; programs are not.

use tenure_tests::forms::Form;
use tenure_tests::{Browser, Request, Response, until};

use crate::world::{ADA, PASSWORD, World, assert_refused};

fn asking(browser: &mut Browser, path: &str, language: &str) -> Response {
    let request = Request::new("GET", path).with("Accept-Language", language);
    browser.send(Browser::navigation(request))
}

fn heading(language: &str) -> &'static str {
    match language {
        "de" => "<h1>Anmelden</h1>",
        "ar" => "<h1>تسجيل الدخول</h1>",
        _ => "<h1>Sign in</h1>",
    }
}

/// Checks that a page is in this language, and says so in every place.
fn assert_in(response: &Response, language: &str) {
    assert_eq!(response.header("content-language"), Some(language));
    assert!(response.all("vary").any(|vary| vary.contains("Accept-Language")), "{:?}", response.headers);
    let direction = if language == "ar" { "rtl" } else { "ltr" };
    let root = format!("<html lang=\"{language}\" dir=\"{direction}\">");
    assert!(response.text().contains(&root), "{}", response.text());
}

#[test]
fn a_page_is_in_the_first_language_that_the_browser_asks_for_and_the_gateway_has() {
    let world = World::start();
    let mut browser = world.tenure.browser();
    for (asked, language) in [
        ("de", "de"),
        ("de-CH-1996, fr;q=0.9", "de"),
        ("AR", "ar"),
        ("fr, ar;q=0.3, de;q=0.2", "ar"),
        ("en;q=0.1, de;q=0.2", "de"),
        ("fr-FR, fr;q=0.9", "en"),
        ("tlh", "en"),
        ("*", "en"),
        ("en;q=0, *", "de"),
        ("de;q=0, de-AT;q=0.5", "en"),
        ("en;q=0, de;q=0, ar;q=0", "en"),
        ("", "en"),
        (";;,,=q", "en"),
        ("de;q=7, ar;q=0.1", "ar"),
        ("de\u{fc}", "en"),
        ("../../etc/passwd, ar;q=x", "en"),
    ] {
        let page = asking(&mut browser, "/.tenure/sign-in", asked);
        assert_eq!(page.status, 200, "{asked}");
        assert_in(&page, language);
        assert!(page.text().contains(heading(language)), "{asked}: {}", page.text());
    }
    assert_in(&browser.get("/.tenure/sign-in"), "en");
}

#[test]
fn a_whole_visit_stays_in_one_language_and_errors_do_too() {
    let world = World::start();
    let mut browser = world.tenure.browser();
    let page = asking(&mut browser, "/.tenure/sign-in", "de");
    let form = Form::find(&page.text(), "/sign-in").fill("username", ADA).fill("password", "wrong");
    let wrong = browser.send(browser.submission(&form).with("Accept-Language", "de"));
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("Name und Passwort passen nicht zusammen"), "{}", wrong.text());
    assert_in(&wrong, "de");

    let form = Form::find(&wrong.text(), "/sign-in").fill("username", ADA).fill("password", PASSWORD);
    assert_eq!(browser.submit(&form).status, 303);
    let sessions = asking(&mut browser, "/.tenure/account/sessions", "de");
    assert!(sessions.text().contains("Firefox 150 auf Linux"), "{}", sessions.text());
    let lost = asking(&mut browser, "/.tenure/nowhere", "ar");
    assert_eq!(lost.status, 404);
    assert_in(&lost, "ar");
    assert_in(&asking(&mut browser, "/.tenure/status", "ar"), "ar");
}

#[test]
fn a_lock_is_told_to_people_in_their_language_and_to_programs_in_english() {
    let world = World::impatient();
    let mut browser = world.ada();
    until("the session locks", || {
        (browser.get("/.tenure/session").json()["state"] == "locked").then_some(())
    });
    let german = |request: Request| request.with("Accept-Language", "de");

    let told = browser.fetch_with(german(Request::new("GET", "/.tenure/session")));
    assert_eq!(told.json()["title"], "Ihre Sitzung ist gesperrt, weil Sie eine Weile weg waren");
    assert_eq!(told.header("content-language"), Some("de"));

    let refused = browser.fetch_with(german(Request::new("GET", "/echo")));
    assert_refused(&refused, "idle");
    assert_eq!(refused.json()["title"], "Your session is locked because you were away");
    assert_eq!(refused.header("content-language"), None);

    // What the client shows of the form in its frame is for the person again.
    let page = asking(&mut browser, "/.tenure/unlock?frame=1&return_to=/echo", "de");
    assert_in(&page, "de");
    let form = Form::find(&page.text(), "/unlock").fill("password", "wrong");
    let sent = Request::new("POST", &form.action)
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(form.encode());
    let wrong = browser.fetch_with(german(sent));
    assert_eq!(wrong.json()["detail"], "Das Passwort passt nicht. Bitte versuchen Sie es noch einmal.");
    assert_eq!(wrong.header("content-language"), Some("de"));
}

#[test]
fn the_clients_words_are_a_module_in_the_language_of_whoever_asks() {
    let world = World::start();
    let mut browser = world.tenure.browser();
    let ask = |browser: &mut Browser, language: &str, etag: Option<&str>| {
        let mut request = Request::new("GET", "/.tenure/words.js").with("Accept-Language", language);
        if let Some(etag) = etag {
            request = request.with("If-None-Match", etag);
        }
        browser.fetch_with(request)
    };
    for (language, direction, stay) in
        [("en", "ltr", "Stay signed in"), ("de", "ltr", "Angemeldet bleiben"), ("ar", "rtl", "البقاء")]
    {
        let module = ask(&mut browser, language, None);
        assert_eq!(module.status, 200);
        assert_eq!(module.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(module.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(module.header("cache-control"), Some("private, max-age=300"));
        assert_eq!(module.header("content-language"), Some(language));
        assert_eq!(module.all("vary").collect::<Vec<_>>(), ["Accept-Language"]);
        let text = module.text();
        let object = text.strip_prefix("export default ").and_then(|rest| rest.strip_suffix(";\n"));
        let words: serde_json::Value = serde_json::from_str(object.expect("a module")).unwrap();
        assert_eq!((words["lang"].as_str(), words["dir"].as_str()), (Some(language), Some(direction)));
        assert!(words["stay"].as_str().is_some_and(|text| text.contains(stay)), "{words}");
        let etag = module.header("etag").expect("an entity tag").to_owned();
        assert_eq!(ask(&mut browser, language, Some(&etag)).status, 304);
        let other = if language == "en" { "de" } else { "en" };
        assert_eq!(ask(&mut browser, other, Some(&etag)).status, 200, "another language is another text");
    }
    assert_eq!(browser.fetch("POST", "/.tenure/words.js").status, 405);
}

#[test]
fn only_the_languages_of_the_configuration_are_offered_and_the_first_is_the_default() {
    let world = World::with(|setup| setup.gateway("languages = [\"de\", \"ar\"]"));
    let mut browser = world.tenure.browser();
    for (asked, language) in [("en", "de"), ("ar", "ar"), ("tlh", "de")] {
        assert_in(&asking(&mut browser, "/.tenure/sign-in", asked), language);
    }
}
