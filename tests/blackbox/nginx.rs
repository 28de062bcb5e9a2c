//! Forward-auth behind a real nginx, with the configuration of `examples/nginx/`.

use tenure_tests::front::Front;

crate::forward_auth::front_proxy_tests!(Front::nginx);
