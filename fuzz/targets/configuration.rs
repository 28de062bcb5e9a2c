//! Configurations of any kind: a good one can be reported, a bad one says what is wrong.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tenure_gateway::config::{Config, Environment};

fuzz_target!(|text: &str| {
    match Config::parse(Some(Path::new("tenure.toml")), Some(text), &Environment::default()) {
        Ok(config) => drop(config.report()),
        Err(error) => assert!(!error.to_string().trim().is_empty()),
    }
});
