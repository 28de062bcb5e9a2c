//! The file of accounts: a heading and one JSON object a line. It is changed under a lock that other processes respect,
//! written beside itself, made durable and renamed, so that a crash leaves the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::secret::{self, SecretHash};
use crate::Secret;
use crate::lease::medium::make_private_folder;
use crate::pool::Tags;

const HEADING: &str = "{\"tenure-egress-accounts\":1}";
/// The longest name; SOCKS has room for 255 octets (RFC 1929 §2).
const LONGEST_NAME: usize = 128;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Whose it is, for lists: one person may have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What it proves itself with.
    pub secret: SecretHash,
    /// Where its address is to be; asked once, for its first lease.
    #[serde(default)]
    pub tags: Tags,
    /// Whether it is kept from connecting.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// The accounts of a file while they are changed.
#[derive(Debug)]
pub struct AccountFile {
    accounts: Vec<Account>,
}

/// Why accounts can't be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The file can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line is not what it should be. The line itself is never shown.
    #[error("{path}:{line}: {problem}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// There is an account of this name.
    #[error(
        "there is an account named {0:?} already; `tenure egress accounts renew` gives it another secret"
    )]
    Exists(String),
    /// There is no account of this name.
    #[error("there is no account named {0:?}; `tenure egress accounts list` shows all")]
    Unknown(String),
    /// The name can't be one.
    #[error("{0:?} can't be a name: it has 1 to {LONGEST_NAME} visible ASCII characters, and no colon")]
    BadName(String),
    /// The operating system gives no random bits.
    #[error("no secret could be made: {0}")]
    NoRandom(getrandom::Error),
}

/// What tells that a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(Option<(SystemTime, u64, u64)>);

impl Stamp {
    pub(super) fn of(path: &Path) -> Result<Self, AccountError> {
        use std::os::unix::fs::MetadataExt as _;
        match fs::metadata(path) {
            Ok(metadata) => {
                let modified = metadata.modified().map_err(|source| io_error(path, source))?;
                // Each change makes a new file, so that two within one tick of the clock are told apart.
                Ok(Self(Some((modified, metadata.len(), metadata.ino()))))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(None)),
            Err(source) => Err(io_error(path, source)),
        }
    }
}

impl AccountFile {
    /// The accounts of a file; none if there is no file.
    ///
    /// # Errors
    /// The file can't be read or understood.
    pub fn read(path: &Path) -> Result<Vec<Account>, AccountError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io_error(path, source)),
        };
        let malformed = |line, problem| AccountError::Malformed { path: path.into(), line, problem };
        let mut lines = text.lines().zip(1..);
        if lines.next().is_none_or(|(heading, _)| heading != HEADING) {
            return Err(malformed(1, "this is not a file of egress accounts, or one of a newer version"));
        }
        let account = |(line, number)| {
            serde_json::from_str(line).map_err(|_| malformed(number, "this is not an account"))
        };
        lines.filter(|(line, _)| !line.trim().is_empty()).map(account).collect()
    }

    /// Changes the accounts of a file, durably, one process at a time.
    ///
    /// # Errors
    /// The file can't be read or written, or the change is refused; then nothing is changed.
    pub fn change<T>(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, AccountError>,
    ) -> Result<T, AccountError> {
        let error = |source| io_error(path, source);
        make_private_folder(folder_of(path)).map_err(error)?;
        let guard = open_private(&path.with_extension("lock")).map_err(error)?;
        guard.lock().map_err(error)?;
        let mut accounts = Self { accounts: Self::read(path)? };
        let result = change(&mut accounts)?;
        accounts.write(path).map_err(error)?;
        Ok(result)
    }

    /// Adds an account, and gives back its secret, which is not kept.
    ///
    /// # Errors
    /// The name is taken, or can't be one.
    pub fn add(&mut self, name: &str, person: Option<String>, tags: Tags) -> Result<Secret, AccountError> {
        let is_name = (1..=LONGEST_NAME).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_name {
            return Err(AccountError::BadName(name.into()));
        }
        if self.find(name).is_ok() {
            return Err(AccountError::Exists(name.into()));
        }
        let secret = secret::generate().map_err(AccountError::NoRandom)?;
        let hash = SecretHash::of(&secret);
        self.accounts.push(Account { name: name.into(), person, secret: hash, tags, disabled: false });
        Ok(secret)
    }

    /// Gives an account another secret, and gives that back.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn renew(&mut self, name: &str) -> Result<Secret, AccountError> {
        let account = self.find(name)?;
        let secret = secret::generate().map_err(AccountError::NoRandom)?;
        account.secret = SecretHash::of(&secret);
        Ok(secret)
    }

    /// Removes an account.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn remove(&mut self, name: &str) -> Result<(), AccountError> {
        self.find(name)?;
        self.accounts.retain(|account| account.name != name);
        Ok(())
    }

    /// Disables an account, or enables it again.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn set_disabled(&mut self, name: &str, disabled: bool) -> Result<(), AccountError> {
        self.find(name)?.disabled = disabled;
        Ok(())
    }

    fn find(&mut self, name: &str) -> Result<&mut Account, AccountError> {
        let found = self.accounts.iter_mut().find(|account| account.name == name);
        found.ok_or_else(|| AccountError::Unknown(name.into()))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = open_private(&beside)?;
        file.set_len(0)?;
        let mut text = format!("{HEADING}\n");
        for account in &self.accounts {
            text.push_str(&serde_json::to_string(account)?);
            text.push('\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder_of(path))?.sync_all()
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Opens a file that only its owner may read.
fn open_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn io_error(path: &Path, source: io::Error) -> AccountError {
    AccountError::Io { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_change_changes_nothing_and_names_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/accounts");
        let add =
            |name: &str| AccountFile::change(&path, |accounts| accounts.add(name, None, Tags::default()));
        add("ada").unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(add("ada"), Err(AccountError::Exists(_))));
        for name in ["", "a:b", "a b", "ä", "a\n", &"x".repeat(129)] {
            assert!(matches!(add(name), Err(AccountError::BadName(_))), "{name}");
        }
        assert!(matches!(AccountFile::change(&path, |all| all.remove("bob")), Err(AccountError::Unknown(_))));
        assert_eq!(fs::read(&path).unwrap(), before);
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_line_that_is_no_account_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts");
        fs::write(&path, format!("{HEADING}\n{{\"name\":\"ada\",\"sceret\":\"x\"}}\n")).unwrap();
        let error = AccountFile::read(&path).unwrap_err().to_string();
        assert!(error.ends_with("accounts:2: this is not an account"), "{error}");
    }
}
