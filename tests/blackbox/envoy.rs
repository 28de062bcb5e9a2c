//! Forward-auth behind a real Envoy, with the configuration of `examples/envoy/`.

use tenure_tests::front::Front;

crate::forward_auth::front_proxy_tests!(Front::envoy);
