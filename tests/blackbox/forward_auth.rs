//! What every front proxy with forward-auth must give, whichever it is.

use std::net::SocketAddr;

use tenure_tests::front::{Front, free_address};
use tenure_tests::{Browser, Connection, Request, Setup, Tenure, Upstream, until};

use crate::world::{ADA, PASSWORD, assert_refused, assert_sent_to_gateway, seen, seen_once};

pub(crate) type StartFront = fn(SocketAddr, SocketAddr, SocketAddr) -> Front;

/// An application, a Tenure beside it, and a front proxy that asks it about every request.
pub(crate) struct Beside {
    upstream: Upstream,
    setup: Setup,
    tenure: Tenure,
    front: Front,
}

impl Beside {
    pub(crate) fn start(start_front: StartFront) -> Self {
        let upstream = Upstream::start();
        let address = free_address();
        let setup = Setup::new(upstream.address())
            .gateway(&format!("public_url = \"http://{address}\"\ntrusted_proxies = [\"127.0.0.1/32\"]"))
            .policy("idle_timeout = \"3s\"\nwarn_before = \"1s\"")
            .more("[[route]]\npath = \"/echo/open/*\"\naccess = \"public\"");
        setup.add_user(ADA, PASSWORD);
        let tenure = setup.start();
        let front = start_front(address, tenure.address, upstream.address());
        Self { upstream, setup, tenure, front }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.front.address)
    }

    fn ada(&self) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(ADA, PASSWORD);
        browser
    }
}

/// The tests of one front proxy.
macro_rules! front_proxy_tests {
    ($start:path) => {
        use crate::forward_auth::{self, Beside};

        #[test]
        fn a_request_without_a_session_is_refused_and_a_person_is_led_back() {
            forward_auth::refuses_and_leads_back(&Beside::start($start));
        }

        #[test]
        fn the_application_gets_the_identity_and_nothing_else() {
            forward_auth::passes_identity_and_nothing_else(&Beside::start($start));
        }

        #[test]
        fn a_public_route_passes_without_identity() {
            forward_auth::passes_public_routes_without_identity(&Beside::start($start));
        }

        #[test]
        fn no_proxy_header_of_the_client_is_believed() {
            forward_auth::believes_no_header_of_the_client(&Beside::start($start));
        }

        #[test]
        fn websockets_open_with_a_session_only() {
            forward_auth::carries_websockets(&Beside::start($start));
        }

        #[test]
        fn a_session_locks_and_unlocks() {
            forward_auth::locks_and_unlocks(&Beside::start($start));
        }

        #[test]
        fn the_doctor_finds_nothing_to_mend() {
            forward_auth::is_healthy(&Beside::start($start));
        }

        #[test]
        fn nothing_passes_while_tenure_is_down() {
            forward_auth::is_closed_while_tenure_is_down(&mut Beside::start($start));
        }
    };
}
pub(crate) use front_proxy_tests;

/// A page without a session leads to the sign-in and back; a script gets the problem, not a page.
pub(crate) fn refuses_and_leads_back(beside: &Beside) {
    let mut browser = beside.browser();
    let refused = browser.fetch("GET", "/echo/data");
    assert_refused(&refused, "none");
    let counted = beside.tenure.administration("GET", "/metrics").text();
    // nginx asks a second time, on its way to the answer.
    assert!(!counted.contains("tenure_judgements_total{verdict=\"none\",reason=\"none\"} 0\n"), "{counted}");
    let first = browser.get("/echo/notes?page=2&sort=a%20b");
    assert_sent_to_gateway(&first);
    let posted = browser.send(Browser::navigation(Request::new("POST", "/echo/notes").body("text=abc")));
    assert_sent_to_gateway(&posted);
    assert_eq!(beside.upstream.requests(), 0);

    let page = browser.follow(first);
    let form = tenure_tests::forms::Form::find(&page.text(), "/sign-in")
        .fill("username", ADA)
        .fill("password", PASSWORD);
    let signed_in = browser.submit(&form);
    assert_eq!((signed_in.status, signed_in.location()), (303, "/echo/notes?page=2&sort=a%20b"));
    assert_eq!(seen_once(&browser.follow(signed_in), "tenure-subject"), ADA);
}

/// The application learns who it is, from Tenure alone, and never sees the token.
pub(crate) fn passes_identity_and_nothing_else(beside: &Beside) {
    let mut browser = beside.ada();
    browser.set_cookie("other", "1");
    let token = browser.cookie("tenure").unwrap().to_owned();
    // A second copy, behind the other cookie.
    browser.cookies.push(("tenure".into(), token.clone()));
    let response = browser.fetch_with(
        Request::new("POST", "/echo")
            .with("Tenure-Subject", "root")
            .with("Tenure_Subject", "root")
            .with("Tenure-Auth_Time", "0")
            .with("Tenure-Assurance", "aal3")
            .body("the body of the request"),
    );
    assert_eq!(seen_once(&response, "tenure-subject"), ADA);
    assert!(seen_once(&response, "tenure-session").starts_with("ses_"));
    assert_eq!(seen_once(&response, "tenure-assurance"), "aal1");
    assert!(seen(&response, "tenure_subject").is_empty());
    assert!(seen(&response, "tenure-auth_time").is_empty());
    let cookies = seen(&response, "cookie").join("; ");
    assert!(cookies.contains("other=1") && !cookies.contains(&token), "{cookies}");
    assert_eq!(response.json()["body"], "the body of the request");

    let mut flooded = beside.browser();
    flooded.cookies = vec![("tenure".into(), token.clone()); 6];
    let response = flooded.fetch("GET", "/echo");
    assert_eq!(seen_once(&response, "tenure-subject"), ADA);
    assert!(!seen(&response, "cookie").join("; ").contains(&token), "not one of many copies gets through");

    let large = "0123456789abcdef".repeat(256 * 1024);
    let response = browser.fetch_with(Request::new("PUT", "/echo").body(large.clone()));
    assert!(response.json()["body"] == large.as_str(), "4 MiB arrive unchanged");
    let own = browser.fetch("GET", "/refuse");
    assert_eq!((own.status, own.text().as_str()), (401, "the application says no"));
}

/// A public route passes without a session, and with no identity that a client made up.
pub(crate) fn passes_public_routes_without_identity(beside: &Beside) {
    let response = beside.browser().fetch_with(
        Request::new("GET", "/echo/open/page").with("Tenure-Subject", "root").with("Tenure_Subject", "root"),
    );
    assert!(seen(&response, "tenure-subject").iter().all(String::is_empty));
    assert!(seen(&response, "tenure_subject").is_empty());
    assert!(seen(&response, "tenure-session").iter().all(String::is_empty));
}

/// What a client says about itself in the headers of proxies is not believed.
pub(crate) fn believes_no_header_of_the_client(beside: &Beside) {
    let spoofed = |request: Request| {
        request
            .with("X-Forwarded-For", "203.0.113.9")
            .with("Forwarded", "for=203.0.113.9;host=elsewhere.example")
            .with("X-Forwarded-Host", "elsewhere.example")
            .with("X-Forwarded-Uri", "/echo/open/page")
            .with("X-Forwarded-Method", "OPTIONS")
    };
    let refused = beside.browser().fetch_with(spoofed(Request::new("GET", "/echo")));
    assert_refused(&refused, "none");

    let mut browser = beside.ada();
    browser.send(spoofed(Browser::navigation(Request::new("GET", "/echo"))));
    let sessions = browser.visit("/.tenure/account/sessions").text();
    assert!(sessions.contains("127.0.0.1") && !sessions.contains("203.0.113.9"), "{sessions}");
}

/// A WebSocket opens with a session, stays open, and does not open without one.
pub(crate) fn carries_websockets(beside: &Beside) {
    let upgrade = || {
        Request::new("GET", "/socket")
            .with("Connection", "Upgrade")
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13")
            .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .with("Sec-Fetch-Mode", "websocket")
    };
    let mut stranger = Connection::open(beside.front.address).unwrap();
    let refused = stranger.exchange(&beside.browser().dress(upgrade())).unwrap();
    assert_refused(&refused, "none");

    let mut socket = Connection::open(beside.front.address).unwrap();
    socket.write(&beside.ada().dress(upgrade()).to_bytes()).unwrap();
    let opened = socket.read_head().unwrap();
    assert_eq!((opened.status, opened.header("x-seen-subject")), (101, Some(ADA)));
    for message in ["one", "two"] {
        socket.write(message.as_bytes()).unwrap();
        assert_eq!(socket.read_some().unwrap(), message.as_bytes());
    }
}

/// A session that locks is refused with the reason, leads to the unlock page and works again after it.
pub(crate) fn locks_and_unlocks(beside: &Beside) {
    let mut browser = beside.ada();
    until("the session locks", || {
        (browser.get("/.tenure/session").json()["state"] == "locked").then_some(())
    });
    let before = beside.upstream.requests();
    assert_refused(&browser.fetch("GET", "/echo"), "idle");
    let stopped = browser.get("/echo/page");
    assert_sent_to_gateway(&stopped);
    assert_eq!(beside.upstream.requests(), before);
    assert_eq!(browser.try_unlock(PASSWORD).status, 303);
    assert_eq!(seen_once(&browser.get("/echo"), "tenure-subject"), ADA);
}

/// `tenure doctor`, which goes the same way as browsers, has nothing to say but that this is plain http.
pub(crate) fn is_healthy(beside: &Beside) {
    let report = crate::doctor::examine(&beside.setup, &[]);
    report.is_all_well_but(&["configuration"]);
    for check in
        ["public_url", "protection", "proxy_headers", "proxy_spoofing", "proxy_host", "cookie", "body_limit"]
    {
        report.says(check, "ok", "");
    }
}

/// Without Tenure nothing passes, and nobody is told that their session ended.
pub(crate) fn is_closed_while_tenure_is_down(beside: &mut Beside) {
    let mut browser = beside.ada();
    beside.tenure.kill();
    let before = beside.upstream.requests();
    let response = browser.get("/echo");
    assert!(response.status >= 500, "{}", response.status);
    assert!(response.all("set-cookie").next().is_none());
    assert_eq!(beside.upstream.requests(), before);
}
