//! Tenure behind a real Apache, with the configuration of `examples/apache/`.

use tenure_tests::front::Front;

crate::forward_auth::front_proxy_tests!(Front::apache);
