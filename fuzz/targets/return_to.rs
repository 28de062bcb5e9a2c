//! Addresses to return to: whatever comes in, a browser stays at this host.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure_gateway::kept::KeptId;
use tenure_gateway::web::return_to::ReturnTo;

fuzz_target!(|text: &str| {
    let path = ReturnTo::new(text, "/.tenure");
    let path = path.as_str();
    assert!(path.starts_with('/') && !path.starts_with("//"), "{path:?}");
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{path:?}");
    // Of our own pages, only those of kept work.
    let own = path.strip_prefix("/.tenure").filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let id = |rest: &str| rest.strip_prefix("/kept/").is_some_and(|id| id.parse::<KeptId>().is_ok());
    assert!(own.is_none_or(|rest| rest == "/kept" || id(rest)), "{path:?}");
});
