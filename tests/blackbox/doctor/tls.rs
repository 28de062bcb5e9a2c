//! Certificates that browsers refuse: nginx with TLS, and an authority of the test's own.

use std::fs;
use std::path::Path;
use std::process::Command;

use tenure_tests::front::{Front, free_address};
use tenure_tests::mistaken::Mistake;
use tenure_tests::{Setup, Tenure, Upstream};

use super::{Report, examine};

const NAME: &str = "wiki.example.com";

struct Secure {
    setup: Setup,
    tenure: Tenure,
    _upstream: Upstream,
    address: std::net::SocketAddr,
}

/// Makes an authority `ca.pem` and a certificate of it for a name, so many days from now.
fn certify(folder: &Path, name: &str, days: &str) {
    let script = format!(
        "set -e; cd '{}'; \
         openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 \
           -subj '/CN=an authority' -addext 'basicConstraints=critical,CA:TRUE'; \
         openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout site.key -out site.csr -subj '/CN={name}'; \
         printf 'subjectAltName=DNS:{name}\\nbasicConstraints=CA:FALSE\\n' > site.ext; \
         openssl x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out site.pem -extfile site.ext -days {days}",
        folder.display()
    );
    let made = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

impl Secure {
    fn new(name: &str, days: &str) -> Self {
        let upstream = Upstream::start();
        let address = free_address();
        let setup = Setup::new(upstream.address())
            .gateway(&format!("public_url = \"https://{NAME}\"\ntrusted_proxies = [\"127.0.0.1/32\"]"));
        setup.add_user(crate::world::ADA, crate::world::PASSWORD);
        let tenure = setup.start();
        certify(&setup.path("."), name, days);
        Self { setup, tenure, _upstream: upstream, address }
    }

    fn front(&self) -> Front {
        let file = |name: &str| fs::canonicalize(self.setup.path(name)).unwrap();
        Mistake::none()
            .without("listen")
            .with(&format!(
                "listen {} ssl; ssl_certificate {}; ssl_certificate_key {};",
                self.address,
                file("site.pem").display(),
                file("site.key").display()
            ))
            .start(self.address, self.tenure.address, "/")
    }

    fn examine(&self, authority: bool) -> Report {
        let address = self.address.to_string();
        let trusted: &[&str] = if authority { &["--ca", "ca.pem"] } else { &[] };
        examine(&self.setup, &[&["--connect", &address], trusted].concat())
    }
}

#[test]
fn a_valid_certificate_is_well_and_one_that_nobody_trusts_is_found() {
    let secure = Secure::new(NAME, "20");
    let _front = secure.front();
    let report = secure.examine(true);
    report.is_all_well_but(&[]);
    report.says("tls", "ok", "valid");
    secure.examine(false).says("tls", "problem", "no authority");
}

#[test]
fn a_certificate_for_another_name_is_found() {
    let secure = Secure::new("other.example.com", "20");
    let _front = secure.front();
    secure.examine(true).says("tls", "problem", "another name");
}

#[test]
fn a_certificate_that_has_expired_or_soon_will_is_found() {
    let soon = Secure::new(NAME, "5");
    let _front = soon.front();
    soon.examine(true).says("tls", "warning", "14 days");
    let expired = Secure::new(NAME, "-1");
    let _front = expired.front();
    expired.examine(true).says("tls", "problem", "expired");
}

#[test]
fn plain_http_where_browsers_expect_tls_is_found() {
    let secure = Secure::new(NAME, "20");
    let _front = Mistake::none().start(secure.address, secure.tenure.address, "/");
    secure.examine(true).says("tls", "problem", "could not be spoken");
}

#[test]
fn a_cookie_that_is_no_longer_secure_is_found() {
    let secure = Secure::new(NAME, "20");
    let file = |name: &str| fs::canonicalize(secure.setup.path(name)).unwrap();
    let _front = Mistake::none()
        .without("listen")
        .with(&format!(
            "listen {} ssl; ssl_certificate {}; ssl_certificate_key {}; proxy_cookie_flags ~ nosecure;",
            secure.address,
            file("site.pem").display(),
            file("site.key").display()
        ))
        .start(secure.address, secure.tenure.address, "/");
    secure.examine(true).says("cookie", "problem", "not Secure");
}

#[test]
fn a_gateway_that_speaks_tls_itself_is_examined_and_a_key_that_everybody_may_read_is_found() {
    let upstream = Upstream::start();
    let setup = Setup::new(upstream.address())
        .gateway(&format!("public_url = \"https://{NAME}\""))
        .more("[tls]\ncertificate = \"site.pem\"\nkey = \"site.key\"");
    certify(&setup.path("."), NAME, "20");
    setup.add_user(crate::world::ADA, crate::world::PASSWORD);
    let tenure = setup.start();
    let way = ["--connect", &tenure.address.to_string(), "--ca", "ca.pem"];
    let report = examine(&setup, &way);
    report.is_all_well_but(&[]);
    report.says("tls", "ok", "valid");
    report.says("tls_key", "ok", "");
    report.says("websockets", "ok", "");
    fs::set_permissions(setup.path("site.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    examine(&setup, &way).says("tls_key", "problem", "644");
}
