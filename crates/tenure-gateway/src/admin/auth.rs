//! The bearer token of the administration listener.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use tenure::store::Store;
use zeroize::Zeroizing;

use super::{Admin, problems};

/// What callers of `/v1/` have to know.
pub struct AdminToken(Zeroizing<String>);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The file cannot be read or made.
    #[error("{path} (admin.token_file): {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file holds less than 16 characters.
    #[error("{path} (admin.token_file): expected a token of at least 16 characters on one line")]
    TooShort {
        /// The file.
        path: PathBuf,
    },
}

impl AdminToken {
    /// Reads the token from its file. If there is none, a new one is made, which only the owner may read.
    ///
    /// # Errors
    /// The file cannot be read or made, or its token is too short to be one.
    pub fn load_or_create(path: &Path) -> Result<Self, TokenFileError> {
        let io_error = |source| TokenFileError::Io { path: path.into(), source };
        match fs::read_to_string(path) {
            Ok(text) => {
                let token = Zeroizing::new(text.trim().to_owned());
                if token.len() < 16 {
                    Err(TokenFileError::TooShort { path: path.into() })
                } else {
                    Ok(Self(token))
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path).map_err(io_error),
            Err(error) => Err(io_error(error)),
        }
    }

    fn is_carried_by(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, token)) = value.and_then(|value| value.split_once(' ')) else { return false };
        scheme.eq_ignore_ascii_case("bearer") && bool::from(token.trim().as_bytes().ct_eq(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminToken(..)")
    }
}

fn create(path: &Path) -> io::Result<AdminToken> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    writeln!(file, "{}", *token)?;
    file.sync_all()?;
    Ok(AdminToken(token))
}

/// Lets a call through that carries the token.
pub(super) async fn demand<S: Store>(
    State(admin): State<Arc<Admin<S>>>,
    request: Request,
    next: Next,
) -> Response {
    if admin.token.is_carried_by(request.headers()) {
        return next.run(request).await;
    }
    let detail = "Send the token of the token file as `Authorization: Bearer ...`.";
    let mut response = problems::problem(StatusCode::UNAUTHORIZED, detail).into_response();
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer realm=\"tenure\""));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_read_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin-token");
        let made = AdminToken::load_or_create(&path).unwrap();
        let read = AdminToken::load_or_create(&path).unwrap();
        assert_eq!(*made.0, *read.0);
        let carried = |value: String| {
            made.is_carried_by(&[(header::AUTHORIZATION, value.parse().unwrap())].into_iter().collect())
        };
        assert!(carried(format!("Bearer {}", *made.0)) && carried(format!("bearer {}", *made.0)));
        assert!(
            !carried(format!("Basic {}", *made.0))
                && !carried("Bearer x".into())
                && !carried("Bearer ".into())
        );
        fs::write(&path, "short\n").unwrap();
        assert!(matches!(AdminToken::load_or_create(&path), Err(TokenFileError::TooShort { .. })));
    }
}
