//! The file of accounts.
//!
//! A heading and one JSON object a line: name, password hash (PHC string format), whether it is disabled. Only
//! its owner may read it. It is changed under a lock that other processes respect, written beside itself, made
//! durable and renamed, so that a crash leaves the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tenure::core::{Subject, SubjectError};

use super::PasswordHash;

const HEADING: &str = "{\"tenure-accounts\":1}";

/// An account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name to sign in with; it is the subject of sessions too.
    pub name: String,
    /// The hash of the password.
    pub password: PasswordHash,
    /// Nobody can sign in with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// The accounts of a file while they are being changed.
#[derive(Debug)]
pub struct AccountFile {
    accounts: Vec<Account>,
}

/// Why accounts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountFileError {
    /// The file cannot be read or written.
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
    #[error("there is an account named {0:?} already; `tenure user passwd` gives it another password")]
    Exists(String),
    /// There is no account of this name.
    #[error("there is no account named {0:?}; `tenure user list` shows all")]
    Unknown(String),
    /// The name cannot be one.
    #[error("{0:?} cannot be a name: {1}")]
    BadName(String, SubjectError),
}

/// What tells that a file has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileStamp(Option<(SystemTime, u64, u64)>);

impl FileStamp {
    /// The stamp of a file now.
    pub(super) fn of(path: &Path) -> Result<Self, AccountFileError> {
        match fs::metadata(path) {
            Ok(metadata) => {
                let modified = metadata.modified().map_err(|source| io_error(path, source))?;
                Ok(Self(Some((modified, metadata.len(), inode(&metadata)))))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(None)),
            Err(source) => Err(io_error(path, source)),
        }
    }
}

/// Each change makes a new file, so that two within the same tick of the file system's clock are told apart.
#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

impl AccountFile {
    /// The accounts of a file; none if there is no file.
    ///
    /// # Errors
    /// The file cannot be read or understood.
    pub fn read(path: &Path) -> Result<Vec<Account>, AccountFileError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io_error(path, source)),
        };
        let malformed = |line, problem| AccountFileError::Malformed { path: path.into(), line, problem };
        let mut lines = text.lines().zip(1..);
        if lines.next().is_none_or(|(heading, _)| heading != HEADING) {
            return Err(malformed(1, "this is not a file of accounts, or one of a newer version"));
        }
        lines
            .filter(|(line, _)| !line.trim().is_empty())
            .map(|(line, number)| {
                let account: Account =
                    serde_json::from_str(line).map_err(|_| malformed(number, "this is not an account"))?;
                Ok(account)
            })
            .collect()
    }

    /// Changes the accounts of a file, durably, one process at a time.
    ///
    /// # Errors
    /// The file cannot be read or written, or the change is refused; then nothing is changed.
    pub fn change<T>(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, AccountFileError>,
    ) -> Result<T, AccountFileError> {
        let error = |source| io_error(path, source);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_private(folder).map_err(error)?;
        }
        let guard = open_private(&path.with_extension("lock")).map_err(error)?;
        guard.lock().map_err(error)?;
        let mut accounts = Self { accounts: Self::read(path)? };
        let result = change(&mut accounts)?;
        accounts.write(path).map_err(error)?;
        Ok(result)
    }

    /// Adds an account.
    ///
    /// # Errors
    /// The name is taken, or cannot be one.
    pub fn add(&mut self, name: &str, password: PasswordHash) -> Result<(), AccountFileError> {
        Subject::new(name).map_err(|error| AccountFileError::BadName(name.into(), error))?;
        if self.accounts.iter().any(|account| account.name == name) {
            return Err(AccountFileError::Exists(name.into()));
        }
        self.accounts.push(Account { name: name.into(), password, disabled: false });
        Ok(())
    }

    /// Removes an account.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn remove(&mut self, name: &str) -> Result<(), AccountFileError> {
        self.find(name)?;
        self.accounts.retain(|account| account.name != name);
        Ok(())
    }

    /// Disables an account, or enables it again.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn set_disabled(&mut self, name: &str, disabled: bool) -> Result<(), AccountFileError> {
        self.find(name)?.disabled = disabled;
        Ok(())
    }

    /// Gives an account another password.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn set_password(&mut self, name: &str, password: PasswordHash) -> Result<(), AccountFileError> {
        self.find(name)?.password = password;
        Ok(())
    }

    fn find(&mut self, name: &str) -> Result<&mut Account, AccountFileError> {
        let found = self.accounts.iter_mut().find(|account| account.name == name);
        found.ok_or_else(|| AccountFileError::Unknown(name.into()))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = open_private(&beside)?;
        file.set_len(0)?;
        writeln!(file, "{HEADING}")?;
        for account in &self.accounts {
            writeln!(file, "{}", serde_json::to_string(account)?)?;
        }
        file.sync_all()?;
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }
}

/// The first account may come before the first start: its folder is the store's, which is nobody else's to look into.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Opens a file that only its owner may read.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

fn io_error(path: &Path, source: io::Error) -> AccountFileError {
    AccountFileError::Io { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::super::hash_password;
    use super::*;

    #[test]
    fn accounts_are_kept_and_a_refused_change_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/accounts");
        let hash = hash_password("correct horse").unwrap();
        AccountFile::change(&path, |accounts| accounts.add("ada", hash.clone())).unwrap();
        let before = fs::read_to_string(&path).unwrap();
        assert!(!before.contains("correct horse"));
        let exists = AccountFile::change(&path, |accounts| accounts.add("ada", hash.clone())).unwrap_err();
        assert!(matches!(exists, AccountFileError::Exists(_)));
        let bad = AccountFile::change(&path, |accounts| accounts.add("a\nb", hash.clone())).unwrap_err();
        assert!(matches!(bad, AccountFileError::BadName(..)));
        let unknown = AccountFile::change(&path, |accounts| accounts.remove("bob")).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no account named \"bob\"; `tenure user list` shows all");
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
    }

    #[test]
    fn many_at_once_lose_no_account() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts");
        let hash = hash_password("correct horse").unwrap();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let (path, hash) = (&path, hash.clone());
                scope.spawn(move || {
                    AccountFile::change(path, |accounts| accounts.add(&format!("user{number}"), hash))
                        .unwrap();
                });
            }
        });
        assert_eq!(AccountFile::read(&path).unwrap().len(), 16);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts");
        AccountFile::change(&path, |accounts| accounts.add("ada", hash_password("correct horse").unwrap()))
            .unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
