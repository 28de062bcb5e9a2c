//! Stored records: whatever is read as one is written the same way again, and nothing makes the decoder panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure::store::embedded::format::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(stored) = decode(bytes) {
        assert_eq!(decode(&encode(&stored)).as_ref(), Ok(&stored));
    }
});
