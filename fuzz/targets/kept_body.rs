//! Bodies of kept requests: whatever pieces they come in, the same is shown of them, and never much.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure_gateway::kept::summary::{Reading, Shown, Summary};

fn read(content_type: &str, body: &[u8], piece: usize) -> Summary {
    let mut reading = Reading::of_type(content_type.as_bytes());
    body.chunks(piece).for_each(|piece| reading.feed(piece));
    reading.finish()
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, body) = input;
    for content_type in ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"] {
        let whole = read(content_type, body, body.len().max(1));
        assert_eq!(whole, read(content_type, body, usize::from(piece).max(1)));
        assert!(whole.fields.len() <= 200);
        for field in &whole.fields {
            assert!(field.name.chars().count() <= 300);
            match &field.value {
                Shown::Text { text, .. } => assert!(text.chars().count() <= 300),
                Shown::File { name, size } => {
                    assert!(name.chars().count() <= 300 && *size <= body.len() as u64)
                }
                Shown::Secret => {}
            }
        }
    }
});
