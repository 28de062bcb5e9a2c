//! The key ring as a file.
//!
//! A text file that only its owner may read (mode 0600), one key a line after the heading:
//! `id made_at_millis secret` with the secret in base64url. It is written beside itself, made
//! durable and renamed, so that a crash leaves the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize as _, Zeroizing};

use super::ring::{Key, KeyRing};
use crate::core::Timestamp;

const HEADING: &str = "tenure-key-ring 1";

/// Why the file of the key ring cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Other users of the machine may read it.
    #[error(
        "{path}: others may read this file (mode {mode:o}); `chmod 600` it, and rotate the keys if anybody did"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A line is not what it should be. The line itself is never shown.
    #[error("{path}, line {line}: {problem}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// The operating system gives no random bits for a new key.
    #[error("the operating system gives no random bits: {0}")]
    NoRandomness(getrandom::Error),
}

impl KeyRing {
    /// Reads the ring from its file, or makes a new one there if there is none.
    ///
    /// # Errors
    /// The file cannot be read, written or understood, or others may read it.
    pub fn load_or_create(path: &Path, now: Timestamp) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let ring = Self::generate(now).map_err(KeyFileError::NoRandomness)?;
                ring.save(path)?;
                Ok(ring)
            }
            result => result,
        }
    }

    /// Reads the ring from its file.
    ///
    /// # Errors
    /// The file cannot be read or understood, or others may read it.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let io_error = |source| KeyFileError::Io { path: path.into(), source };
        refuse_exposed(path, &fs::metadata(path).map_err(io_error)?)?;
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io_error)?);
        parse(&text).map_err(|(line, problem)| KeyFileError::Malformed { path: path.into(), line, problem })
    }

    /// Writes the ring to its file, durably and all at once.
    ///
    /// # Errors
    /// The file cannot be written; then the old one is unharmed.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        let io_error = |source| KeyFileError::Io { path: path.into(), source };
        let mut text = Zeroizing::new(format!("{HEADING}\n"));
        for key in self.keys() {
            let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.secret.0));
            text.push_str(&format!("{} {} {}\n", key.id, key.made_at.as_millis(), *secret));
        }
        write_durably(path, text.as_bytes()).map_err(io_error)
    }
}

fn parse(text: &str) -> Result<KeyRing, (usize, &'static str)> {
    let mut lines = text.lines().zip(1..);
    if lines.next().is_none_or(|(heading, _)| heading != HEADING) {
        return Err((1, "this is not a key ring, or one of a newer version"));
    }
    let mut keys: Vec<Key> = Vec::new();
    for (line, number) in lines {
        let key = parse_key(line)
            .ok_or((number, "expected an id, a time in milliseconds and a secret of 32 bytes"))?;
        if keys.iter().any(|other| other.id == key.id) {
            return Err((number, "this id was used before"));
        }
        keys.push(key);
    }
    KeyRing::from_keys(keys).ok_or((2, "there is no key"))
}

fn parse_key(line: &str) -> Option<Key> {
    let mut words = line.split(' ');
    let (id, made_at, secret) = (words.next()?, words.next()?, words.next()?);
    let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).ok()?);
    let mut secret = <[u8; 32]>::try_from(decoded.as_slice()).ok()?;
    let key = Key::new(id.parse().ok()?, Timestamp::from_millis(made_at.parse().ok()?), secret);
    secret.zeroize();
    words.next().is_none().then_some(key)
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 { Err(KeyFileError::Exposed { path: path.into(), mode }) } else { Ok(()) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_read_back_with_all_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let mut ring = KeyRing::load_or_create(&path, Timestamp::EPOCH).unwrap();
        ring.rotate(Timestamp::from_millis(5)).unwrap();
        ring.save(&path).unwrap();
        let (token, hash) = ring.issue_token().unwrap();
        let again = KeyRing::load_or_create(&path, Timestamp::EPOCH).unwrap();
        assert_eq!(again.list(), ring.list());
        assert_eq!(again.check_token(&token), Ok(hash));
    }

    #[cfg(unix)]
    #[test]
    fn a_ring_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        KeyRing::load_or_create(&path, Timestamp::EPOCH).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(KeyRing::load(&path), Err(KeyFileError::Exposed { mode: 0o644, .. })));
    }

    #[test]
    fn an_error_names_the_line_and_shows_no_secret() {
        let secret = URL_SAFE_NO_PAD.encode([7; 32]);
        for (text, line) in [
            (format!("{HEADING}\n1 0 {secret}\n1 0 {secret}\n"), 3),
            (format!("{HEADING}\n1 0 {secret} more\n"), 2),
            (format!("{HEADING}\n"), 2),
            (format!("other\n1 0 {secret}\n"), 1),
        ] {
            let (found, problem) = parse(&text).unwrap_err();
            assert_eq!(found, line, "{problem}");
            assert!(!problem.contains(&secret));
        }
    }
}
