//! Reading a form with files, of which no more than a chunk is ever in memory.

use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::received::{Submission, Upload};

/// The longest text of one field. Files have no limit.
const LONGEST_TEXT: usize = 256 * 1024;
/// The most parts of one form.
const MOST_PARTS: usize = 200;

#[derive(Debug)]
pub(super) enum BadForm {
    /// It broke off, or is not what it says.
    Unreadable(MultipartError),
    TextTooLong(String),
    TooManyParts,
}

/// Reads the whole form. Nothing of a form that breaks off is kept.
pub(super) async fn read(mut form: Multipart) -> Result<Submission, BadForm> {
    let mut submission = Submission::default();
    while let Some(field) = form.next_field().await? {
        if submission.values.len() + submission.files.len() == MOST_PARTS {
            return Err(BadForm::TooManyParts);
        }
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            None => submission.values.push((name.clone(), text(name, field).await?)),
            // A browser sends a nameless, empty part where no file was chosen.
            Some(file) if file.is_empty() => {}
            Some(file) => submission.files.push(count(name, file, field).await?),
        }
    }
    Ok(submission)
}

async fn text(name: String, mut field: Field<'_>) -> Result<String, BadForm> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        if text.len() + chunk.len() > LONGEST_TEXT {
            return Err(BadForm::TextTooLong(name));
        }
        text.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

async fn count(field: String, name: String, mut file: Field<'_>) -> Result<Upload, BadForm> {
    let mut bytes = 0;
    let mut hash = Fnv::new();
    while let Some(chunk) = file.chunk().await? {
        bytes += chunk.len() as u64;
        hash.update(&chunk);
    }
    Ok(Upload { field, name, bytes, fnv1a: format!("{:016x}", hash.0) })
}

/// Fowler-Noll-Vo 1a with 64 bits, as RFC 9923 describes it.
pub(super) struct Fnv(pub(super) u64);

impl Fnv {
    pub(super) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn update(&mut self, chunk: &Bytes) {
        for byte in chunk {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl From<MultipartError> for BadForm {
    fn from(error: MultipartError) -> Self {
        Self::Unreadable(error)
    }
}

impl IntoResponse for BadForm {
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Self::Unreadable(error) => {
                (error.status(), "The form broke off before its end; nothing was kept.".to_owned())
            }
            Self::TextTooLong(name) => {
                (StatusCode::PAYLOAD_TOO_LARGE, format!("The text of \"{name}\" is longer than 256 KiB."))
            }
            Self::TooManyParts => (StatusCode::PAYLOAD_TOO_LARGE, "The form has too many parts.".to_owned()),
        };
        (status, words).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_published_test_vectors() {
        for (text, expected) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            let mut hash = Fnv::new();
            hash.update(&Bytes::from_static(text.as_bytes()));
            assert_eq!(hash.0, expected, "{text:?}");
        }
    }
}
