//! Addresses to return to: whatever comes in, a browser stays at this host.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure_gateway::web::return_to::ReturnTo;

fuzz_target!(|text: &str| {
    let path = ReturnTo::new(text, "/.tenure");
    let path = path.as_str();
    assert!(path.starts_with('/') && !path.starts_with("//"), "{path:?}");
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{path:?}");
    assert!(path != "/.tenure" && !path.starts_with("/.tenure/"), "{path:?}");
});
