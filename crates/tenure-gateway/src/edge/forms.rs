//! Forms that are sent to the gateway's own pages.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body;
use zeroize::Zeroizing;

/// The fields of a form. Wiped from memory afterwards, for one of them may be a password.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

/// Why a form could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    /// It is not `application/x-www-form-urlencoded`.
    #[error("expected application/x-www-form-urlencoded")]
    WrongType,
    /// It is larger than any form of ours.
    #[error("the form is larger than 64 KiB")]
    TooLarge,
    /// The connection broke.
    #[error("the form did not arrive whole")]
    Incomplete,
}

impl Form {
    /// The largest form, in bytes. None of ours comes near it.
    pub(super) const LARGEST: u64 = 64 * 1024;

    /// Reads a form from the body of a request.
    ///
    /// # Errors
    /// It is of another type, too large, or did not arrive whole.
    pub(super) async fn read<B>(headers: &HeaderMap, body: B) -> Result<Self, FormError>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.is_empty() && !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(FormError::WrongType);
        }
        let collected = Limited::new(body, Self::LARGEST as usize).collect().await.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                FormError::TooLarge
            } else {
                FormError::Incomplete
            }
        })?;
        let bytes = Zeroizing::new(Vec::from(collected.to_bytes()));
        Ok(Self::parse(&bytes))
    }

    fn parse(bytes: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(bytes)
                .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
                .collect(),
        )
    }

    /// The first field of this name; empty if there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Whether a box of this name is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        matches!(self.field(name), "1" | "on" | "true" | "yes")
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    async fn read(kind: &str, body: Vec<u8>) -> Result<Form, FormError> {
        let headers = [(CONTENT_TYPE, kind.parse().unwrap())].into_iter().collect();
        Form::read(&headers, Full::new(bytes::Bytes::from(body))).await
    }

    #[tokio::test]
    async fn fields_are_decoded_and_their_values_are_not_shown() {
        let form =
            read("application/x-www-form-urlencoded; charset=UTF-8", b"username=a%40b&password=p+w&x".into());
        let form = form.await.unwrap();
        assert_eq!((form.field("username"), form.field("password"), form.field("none")), ("a@b", "p w", ""));
        assert_eq!(format!("{form:?}"), r#"["username", "password", "x"]"#);
    }

    #[tokio::test]
    async fn what_is_no_form_of_ours_is_refused() {
        assert_eq!(read("application/json", b"{}".into()).await.unwrap_err(), FormError::WrongType);
        let large = vec![b'a'; Form::LARGEST as usize + 1];
        assert_eq!(read("application/x-www-form-urlencoded", large).await.unwrap_err(), FormError::TooLarge);
    }
}
