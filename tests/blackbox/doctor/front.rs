//! Mistakes of a proxy in front: a real nginx that is set up wrongly in one way.

use tenure_tests::front::free_address;
use tenure_tests::mistaken::Mistake;
use tenure_tests::{Setup, Upstream};

use super::{Report, examine};

const NONE: &str = "";

/// Starts an application, a gateway and a proxy with this mistake, and examines them.
fn examined(mistake: &Mistake, location: &str, gateway: &str) -> Report {
    let upstream = Upstream::start();
    let address = free_address();
    let trusted =
        if gateway.contains("trusted_proxies") { "" } else { "trusted_proxies = [\"127.0.0.1/32\"]\n" };
    let setup = Setup::new(upstream.address())
        .gateway(&format!("public_url = \"http://{address}\"\n{trusted}{gateway}"));
    setup.add_user(crate::world::ADA, crate::world::PASSWORD);
    let tenure = setup.start();
    let _front = mistake.start(address, tenure.address, location);
    examine(&setup, &[])
}

fn with(mistake: &Mistake) -> Report {
    examined(mistake, "/", NONE)
}

#[test]
fn a_proxy_that_is_set_up_well_has_no_problem() {
    with(&Mistake::none()).is_all_well_but(&["configuration"]);
}

#[test]
fn a_proxy_that_is_not_listed_is_found() {
    examined(&Mistake::none(), "/", "trusted_proxies = []").says("proxy_headers", "problem", "127.0.0.1");
}

#[test]
fn a_proxy_that_does_not_say_who_the_client_is_is_found() {
    let silent = Mistake::none()
        .without("proxy_set_header X-Forwarded-For")
        .without("proxy_set_header X-Forwarded-Proto")
        .without("proxy_set_header X-Forwarded-Host");
    with(&silent).says("proxy_headers", "problem", "does not say");
}

#[test]
fn a_proxy_that_tells_the_wrong_scheme_is_found() {
    let wrong = Mistake::none()
        .without("proxy_set_header X-Forwarded-Proto")
        .with("proxy_set_header X-Forwarded-Proto https;");
    with(&wrong).says("proxy_headers", "problem", "https");
}

#[test]
fn a_proxy_that_passes_on_what_clients_say_of_themselves_is_found() {
    let adds = Mistake::none().without("proxy_set_header X-Forwarded-For");
    with(&adds).says("proxy_spoofing", "problem", "X-Forwarded-For");
    let host = Mistake::none().without("proxy_set_header X-Forwarded-Host");
    with(&host).says("proxy_spoofing", "problem", "X-Forwarded-Host");
}

#[test]
fn a_proxy_that_changes_the_host_is_found() {
    let changed = Mistake::none()
        .without("proxy_set_header Host")
        .without("proxy_set_header X-Forwarded-Host")
        .with("proxy_set_header X-Forwarded-Host \"\";");
    with(&changed).says("proxy_host", "problem", "forms will be refused");
}

#[test]
fn a_proxy_that_speaks_http_1_0_is_found() {
    let old = Mistake::none().without("proxy_http_version");
    with(&old).says("http_version", "problem", "HTTP/1.0");
}

#[test]
fn a_proxy_that_drops_upgrades_is_found() {
    with(&Mistake::none().without("proxy_set_header Upgrade")).says("websockets", "problem", "does not open");
}

#[test]
fn a_proxy_that_holds_streams_back_is_found() {
    // What is chunked, nginx passes on chunk by chunk; the rest waits until its buffer is full.
    let buffers = Mistake::none().without("proxy_buffering").without("proxy_http_version");
    with(&buffers).says("streams", "problem", "held back");
}

#[test]
fn a_proxy_that_takes_smaller_bodies_is_found() {
    with(&Mistake::none().without("client_max_body_size")).says("body_limit", "problem", "32 MiB");
}

#[test]
fn a_proxy_that_changes_cookies_is_found() {
    let path = Mistake::none().with("proxy_cookie_path / /app/;");
    with(&path).says("cookie", "problem", "Path is not /");
    let domain = Mistake::none().with("proxy_cookie_flags ~ secure;");
    with(&domain).says("cookie", "problem", "Secure");
    let gone = Mistake::none().with("proxy_hide_header Set-Cookie;");
    with(&gone).says("cookie", "problem", "sets no cookie");
}

#[test]
fn a_proxy_that_caches_what_must_not_be_kept_is_found() {
    let cache = Mistake::none()
        .without("proxy_buffering")
        .with_outside("  proxy_cache_path cache keys_zone=all:1m;")
        .with("proxy_cache all; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Set-Cookie Vary Expires;");
    with(&cache).says("caching", "problem", "no-store");
}

#[test]
fn a_proxy_that_does_not_pass_the_base_path_is_found() {
    let elsewhere = Mistake::none().with("location /.tenure/ { return 404; }");
    with(&elsewhere).says("base_path", "problem", "nobody can sign in");
}

#[test]
fn a_proxy_that_passes_only_our_own_pages_protects_nothing_and_is_found() {
    let open = Mistake::none().with("location / { return 200 \"the application\"; }");
    examined(&open, "/.tenure/", NONE).says("protection", "problem", "without a question");
}

#[test]
fn a_proxy_that_puts_pages_of_its_own_in_place_of_refusals_is_found() {
    let replaced = Mistake::none().with(
        "proxy_intercept_errors on; error_page 401 /refused; location = /refused { return 401 \"no\"; }",
    );
    with(&replaced).says("refusals", "problem", "401");
}

#[test]
fn a_public_address_that_is_somebody_elses_is_found() {
    let wrong = Mistake::none().with("location / { return 200 \"another site\"; }");
    examined(&wrong, "/nothing/", NONE).says("public_url", "problem", "not by this gateway");
}

#[test]
fn a_public_address_where_nobody_answers_is_found() {
    let upstream = Upstream::start();
    let setup =
        Setup::new(upstream.address()).gateway(&format!("public_url = \"http://{}\"", free_address()));
    let _tenure = setup.start();
    examine(&setup, &[]).says("public_url", "problem", "nobody answers");
}

#[test]
fn a_proxy_that_opens_the_administration_to_everybody_is_found() {
    let upstream = Upstream::start();
    let address = free_address();
    let setup = Setup::new(upstream.address())
        .gateway(&format!("public_url = \"http://{address}\"\ntrusted_proxies = [\"127.0.0.1/32\"]"));
    let tenure = setup.start();
    let open = Mistake::none().with(&format!("location /metrics {{ proxy_pass http://{}; }}", tenure.admin));
    let _front = open.start(address, tenure.address, "/");
    examine(&setup, &[]).says("admin_listener", "problem", "everybody");
}
