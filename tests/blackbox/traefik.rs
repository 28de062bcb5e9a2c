//! Forward-auth behind a real Traefik, with the configuration of `examples/traefik/`.

use tenure_tests::front::Front;

crate::forward_auth::front_proxy_tests!(Front::traefik);
