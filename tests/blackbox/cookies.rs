//! Cookies as they should not be: each gets its own reason, nothing is stored, and the service goes on.

use tenure_tests::{Connection, Request};

use crate::world::{ADA, World, assert_refused, seen_once};

#[test]
fn each_kind_of_unusable_cookie_is_told_apart() {
    let world = World::start();
    let genuine = world.ada().cookie("tenure").unwrap().to_owned();
    let forged = format!("{}{}", &genuine[..genuine.len() - 4], "AAAA");
    let other = world.ada().cookie("tenure").unwrap().to_owned();
    let cases = [
        (String::new(), "none"),
        ("tenure-mark=1".into(), "cookie_cleared"),
        ("tenure=".into(), "cookie_malformed"),
        ("tenure=garbage".into(), "cookie_malformed"),
        (format!("tenure={}", &genuine[1..]), "cookie_malformed"),
        (format!("tenure={genuine}x"), "cookie_malformed"),
        (format!("tenure={forged}"), "cookie_forged"),
        (format!("tenure={genuine}; tenure={other}"), "cookie_ambiguous"),
    ];
    for (cookie, reason) in cases {
        let mut request = Request::new("GET", "/echo");
        if !cookie.is_empty() {
            request = request.with("Cookie", cookie);
        }
        let response = world.tenure.browser().fetch_with(request);
        assert_refused(&response, reason);
        assert!(!response.text().contains(&genuine), "an answer never repeats a token");
    }
    assert_eq!(world.upstream.requests(), 0);
}

#[test]
fn of_two_cookies_with_one_name_the_genuine_one_counts() {
    let world = World::start();
    let genuine = world.ada().cookie("tenure").unwrap().to_owned();
    for cookie in [format!("tenure=garbage; tenure={genuine}"), format!("tenure={genuine}; tenure=garbage")] {
        let response = world.tenure.browser().fetch_with(Request::new("GET", "/echo").with("Cookie", cookie));
        assert_eq!(seen_once(&response, "tenure-subject"), ADA);
    }
}

#[test]
fn a_genuine_cookie_of_a_service_with_other_keys_is_no_way_in() {
    let (here, elsewhere) = (World::start(), World::start());
    let mut browser = elsewhere.ada();
    let cookies = browser.clone_cookies();
    assert_eq!(browser.get("/echo").status, 200);
    let mut visitor = here.tenure.browser();
    visitor.cookies = cookies;
    assert_refused(&visitor.fetch("GET", "/echo"), "cookie_forged");
}

#[test]
fn ten_thousand_random_cookies_on_one_connection_leave_no_trace() {
    let world = World::start();
    let mut signed_in = world.ada();
    let genuine = signed_in.cookie("tenure").unwrap().to_owned();
    let mut connection = Connection::open(world.tenure.address).unwrap();
    let mut random = Random(0x7e0_u64);
    for number in 0..10_000 {
        let value = random.cookie(&genuine);
        let request = Request::new("GET", "/echo")
            .with("Host", world.tenure.address.to_string())
            .with("Sec-Fetch-Mode", "cors")
            .with("Cookie", value.clone());
        let response = connection
            .exchange(&request)
            .unwrap_or_else(|error| panic!("cookie {number}, {value:?}: {error}"));
        assert_eq!(response.status, 401, "cookie {number}, {value:?}: {}", response.text());
    }
    assert_eq!(world.upstream.requests(), 0);
    assert_eq!(signed_in.get("/echo").status, 200, "everybody else goes on");
    let sessions = world.tenure.administration("GET", "/v1/sessions").text();
    assert_eq!(sessions.matches("\"ses_").count(), 1, "only the one that signed in is stored: {sessions}");
    assert!(!world.tenure.log().contains(&genuine));
}

/// A small generator (xorshift): the same cookies on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Garbage, or a genuine token with a character changed, cut or repeated.
    fn cookie(&mut self, genuine: &str) -> String {
        const CHARACTERS: &[u8] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=;,\" \\%";
        let length = self.next() as usize % 200;
        let garbage: String =
            (0..length).map(|_| char::from(CHARACTERS[self.next() as usize % CHARACTERS.len()])).collect();
        let place = self.next() as usize % genuine.len();
        match self.next() % 5 {
            0 => format!("tenure={garbage}"),
            1 => garbage,
            2 => format!("tenure={}", &genuine[..place]),
            3 => {
                let changed = if genuine.as_bytes()[place] == b'!' { "?" } else { "!" };
                format!("tenure={}{changed}{}", &genuine[..place], &genuine[place + 1..])
            }
            _ => format!("tenure=tnr1_{}", &"A".repeat(56)),
        }
    }
}
