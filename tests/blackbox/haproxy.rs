//! Forward-auth behind a real HAProxy, by Lua, with the configuration of `examples/haproxy/`.

use tenure_tests::front::Front;

crate::forward_auth::front_proxy_tests!(Front::haproxy);
