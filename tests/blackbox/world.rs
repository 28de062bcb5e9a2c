//! What nearly every test starts with: an application, a gateway in front of it, and an account.

use tenure_tests::{Browser, Response, Setup, Tenure, Upstream};

pub(crate) const ADA: &str = "ada";
pub(crate) const GRACE: &str = "grace";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// An application and a gateway in front of it, with the accounts `ada` and `grace`.
pub(crate) struct World {
    pub(crate) upstream: Upstream,
    pub(crate) setup: Setup,
    pub(crate) tenure: Tenure,
}

impl World {
    /// With the default limits.
    pub(crate) fn start() -> Self {
        Self::with(|setup| setup)
    }

    /// With limits short enough to be waited for.
    pub(crate) fn impatient() -> Self {
        Self::with(|setup| {
            setup.policy("idle_timeout = \"2s\"\nabsolute_timeout = \"1h\"\nwarn_before = \"1s\"")
        })
    }

    /// With a configuration of the test's own.
    pub(crate) fn with(configure: impl FnOnce(Setup) -> Setup) -> Self {
        let upstream = Upstream::start();
        let setup = configure(Setup::new(upstream.address()));
        setup.add_user(ADA, PASSWORD);
        setup.add_user(GRACE, PASSWORD);
        let tenure = setup.start();
        Self { upstream, setup, tenure }
    }

    /// A browser in which ada has signed in.
    pub(crate) fn ada(&self) -> Browser {
        let mut browser = self.tenure.browser();
        browser.sign_in(ADA, PASSWORD);
        browser
    }
}

/// The header of a request as the application saw it, from an answer of `/echo`.
pub(crate) fn seen(response: &Response, name: &str) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", response.text());
    let json = response.json();
    let headers = json["headers"].as_array().expect("the echo lists headers");
    headers
        .iter()
        .filter(|pair| pair[0].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name)))
        .map(|pair| pair[1].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The one value of a header as the application saw it.
pub(crate) fn seen_once(response: &Response, name: &str) -> String {
    let mut values = seen(response, name);
    assert_eq!(values.len(), 1, "{name}: {values:?}");
    values.remove(0)
}

/// Checks that an answer refuses a script with this reason.
pub(crate) fn assert_refused(response: &Response, reason: &str) {
    assert_eq!(response.status, 401, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.json()["type"], format!("urn:tenure:reason:{reason}"));
}

/// Checks that an answer sends a person to a page of the gateway.
pub(crate) fn assert_sent_to_gateway(response: &Response) {
    assert_eq!(response.status, 303, "{}", response.text());
    assert!(response.location().contains("/.tenure/"), "sent to {}", response.location());
}
