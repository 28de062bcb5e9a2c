//! Configurations of the egress of any kind: a good one can be reported, a bad one says what is wrong.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure_egress::egress::Config;
use tenure_egress::settings::Source;

fuzz_target!(|text: &str| {
    match Config::read(&Source::of_text(text)) {
        Ok(config) => drop(config.settings().report()),
        Err(error) => assert!(!error.to_string().trim().is_empty()),
    }
});
