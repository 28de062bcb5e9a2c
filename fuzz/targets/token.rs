//! Texts that may be tokens: nothing but a token that this very key made is let through.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure::core::token::{Token, TokenKey};

fuzz_target!(|text: &str| {
    if let Ok(token) = Token::parse(text) {
        assert_eq!(token.expose(), text);
        assert!(TokenKey::new(token.key_id(), [7; 32]).check(&token).is_err(), "made without the key: {text}");
    }
});
