//! The steps of a person whose form meets a lock.

use std::path::PathBuf;

use tenure_tests::forms::Form;
use tenure_tests::{Browser, Request, Response, Setup, Tenure, until};

use crate::world::{PASSWORD, World};

/// Sessions last, but a visit below `/echo/strict/` locks one that is older than a second.
pub(crate) fn lasting(setup: Setup) -> Setup {
    setup.policy("idle_timeout = \"10m\"\nabsolute_timeout = \"1h\"").more(
        "[[route]]\npath = \"/echo/strict/*\"\nidle_timeout = \"1s\"\nabsolute_timeout = \"1s\"\nwarn_before = \"0s\"",
    )
}

pub(crate) fn world() -> World {
    World::with(lasting)
}

pub(crate) fn lock(browser: &mut Browser) {
    until("the session locks", || (browser.fetch("GET", "/echo/strict/").status == 401).then_some(()));
}

/// A form of a page of this site.
pub(crate) fn form(browser: &Browser, path: &str, body: impl Into<Vec<u8>>) -> Request {
    let form = Form { action: path.into(), fields: Vec::new() };
    let mut request =
        browser.submission(&form).with("Referer", format!("http://{}/page", authority(browser)));
    request.body = body.into();
    request
}

fn authority(browser: &Browser) -> String {
    let dressed = browser.dress(Request::new("GET", "/"));
    dressed.headers.iter().find(|(name, _)| name == "Host").map(|(_, host)| host.clone()).unwrap()
}

/// Sends a form while the session is locked, and gives the id of what is kept and the answer.
pub(crate) fn keep(browser: &mut Browser, path: &str, body: impl Into<Vec<u8>>) -> (String, Response) {
    let request = form(browser, path, body);
    let answer = browser.send(request);
    (kept_id(&answer), answer)
}

pub(crate) fn kept_id(answer: &Response) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let location = answer.location();
    let (_, id) = location.split_once("&kept=").unwrap_or_else(|| panic!("nothing is kept: {location}"));
    id.to_owned()
}

/// Unlocks from the page that an answer leads to, and gives where that leads.
pub(crate) fn unlock(browser: &mut Browser, answer: Response) -> Response {
    let page = browser.follow(answer);
    let form = Form::find(&page.text(), "/unlock").fill("password", PASSWORD);
    browser.submit(&form)
}

/// Presses the button of the page of a kept request, as a browser does: it sends the form on to where it is led.
pub(crate) fn press_send(browser: &mut Browser, page: &Response) -> Response {
    let form = Form::find(&page.text(), "/replay");
    let led = browser.submit(&form);
    if led.status != 307 {
        return led;
    }
    browser.submit(&Form { action: led.location().into(), ..form })
}

/// The names of the files in which requests are kept.
pub(crate) fn files(setup: &Setup) -> Vec<String> {
    let folder = folder(setup);
    let Ok(names) = std::fs::read_dir(folder) else { return Vec::new() };
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

pub(crate) fn folder(setup: &Setup) -> PathBuf {
    setup.path("data").join("kept")
}

pub(crate) fn until_nothing_is_kept(setup: &Setup) {
    until("nothing is kept any more", || files(setup).is_empty().then_some(()));
}

/// The most memory that the gateway has ever had, in KiB.
pub(crate) fn most_memory(tenure: &Tenure) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", tenure.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Forgets the most memory that was in use, and tells what is in use now, in KiB.
pub(crate) fn begin_anew(tenure: &Tenure) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", tenure.id()), "5").unwrap();
    most_memory(tenure)
}
