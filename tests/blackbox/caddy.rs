//! Forward-auth behind a real Caddy, with the configuration of `examples/caddy/`.

use tenure_tests::front::Front;

crate::forward_auth::front_proxy_tests!(Front::caddy);
