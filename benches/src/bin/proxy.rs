//! The reverse proxy, with a session judged at each request for 1 KB, beside nginx and HAProxy, which judge nothing.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use tenure_benches::argument;
use tenure_benches::web::{Load, application, compare, gateway, proxy_haproxy, proxy_nginx};

fn main() {
    let load = Load {
        connections: argument("connections", 64),
        seconds: argument("seconds", 5),
        rounds: argument("rounds", 5),
    };
    let application = application();
    let address = application.address();
    let servers = [application, proxy_nginx(address), proxy_haproxy(address), gateway("/", address)];
    compare(&servers, "nginx proxy_pass", 1.0, load);
}
