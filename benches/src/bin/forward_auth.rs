//! Forward-auth, with a session judged and identity headers written at each request, beside servers that only say yes:
//! bare hyper and nginx, with an empty 204.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use tenure_benches::argument;
use tenure_benches::web::{HYPER, Load, compare, gateway, hyper, nginx, serve_hyper};

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(HYPER) {
        return serve_hyper(&arguments.next().unwrap());
    }
    let load = Load {
        connections: argument("connections", 64),
        seconds: argument("seconds", 5),
        rounds: argument("rounds", 5),
    };
    let nginx = nginx();
    let tenure = gateway("/.tenure/authorize", nginx.address());
    compare(&[hyper(), nginx, tenure], "hyper, bare", 0.92, load);
}
