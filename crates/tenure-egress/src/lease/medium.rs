//! Bytes that survive a crash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// What a journal is kept on. After any error nothing is known of what is there, until it is read again.
pub trait Medium: Send + 'static {
    /// Everything that is there.
    ///
    /// # Errors
    /// As the operating system says.
    fn read(&mut self) -> io::Result<Vec<u8>>;

    /// Adds to the end; it may be lost, in whole or in part, until [`sync`](Self::sync) has returned.
    ///
    /// # Errors
    /// As the operating system says.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything durable.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync(&mut self) -> io::Result<()>;

    /// Puts other bytes in the place of all that is there, durably: after a crash it is the old or the new ones.
    ///
    /// # Errors
    /// As the operating system says.
    fn replace(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// A file that one process at a time has open.
#[derive(Debug)]
pub struct LockedFile {
    path: PathBuf,
    file: File,
    /// Held for as long as this lives. It is a file of its own, for the other one is replaced.
    _lock: File,
}

impl LockedFile {
    /// Opens a file, or makes it, with the folder that it is in.
    ///
    /// # Errors
    /// As the operating system says; [`io::ErrorKind::WouldBlock`] if another process has it open.
    pub fn open(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        make_private_folder(folder)?;
        let lock = private().open(path.with_extension("lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                "another process has it open; is the egress running already?",
            ),
            fs::TryLockError::Error(error) => error,
        })?;
        let is_new = !path.exists();
        let file = private().open(path)?;
        if is_new {
            file.sync_all()?;
            File::open(folder)?.sync_all()?;
        }
        Ok(Self { path: path.into(), file, _lock: lock })
    }
}

impl Medium for LockedFile {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut file = private().truncate(true).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        File::open(folder_of(&self.path))?.sync_all()?;
        self.file = file;
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder that only its owner may look into, if it is not there yet.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// For files that only their owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
