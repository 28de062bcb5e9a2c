//! A kept request on disk: one file, sealed from end to end.
//!
//! Eight bytes that name the format, the length of the sealed head (4 bytes, big-endian), the sealed head, and the sealed
//! chunks of the body up to the end of the file. A file is written under another name and gets its own when it is durable, so
//! one that a crash left half-written is known by its name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tenure::keys::{KeyRing, SealError};

use super::sealing::{self, CHUNK, Chunks, Damaged, TAG};
use super::{Head, KeptId};

const FORMAT: &[u8; 8] = b"TNRKEPT1";
/// No head is longer: targets and referers are bounded by the size of a request's head.
const LONGEST_HEAD: u32 = 1024 * 1024;

/// What stage a file is in, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Being written; worth nothing after a crash.
    Partial,
    /// Whole, and waiting.
    Waiting,
    /// Claimed to be sent. After a crash nobody knows whether it arrived.
    Claimed,
}

/// What goes wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The operating system gives no random bits.
    #[error("the operating system gives no random bits: {0}")]
    NoRandomness(getrandom::Error),
}

impl FileError {
    /// Whether it will never be readable, whatever is done. A missing key may come back.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Seal(SealError::Damaged | SealError::UnknownFormat(_)))
    }
}

impl Stage {
    const fn extension(self) -> &'static str {
        match self {
            Self::Partial => "part",
            Self::Waiting => "kept",
            Self::Claimed => "sent",
        }
    }
}

/// Where the file of a kept request is in this stage.
pub fn path(folder: &Path, id: KeptId, stage: Stage) -> PathBuf {
    folder.join(format!("{id}.{}", stage.extension()))
}

/// What a path of the folder names; `None` if it is none of ours.
pub fn parse_path(path: &Path) -> Option<(KeptId, Stage)> {
    let id = path.file_stem()?.to_str()?.parse().ok()?;
    let extension = path.extension()?.to_str()?;
    let stages = [Stage::Partial, Stage::Waiting, Stage::Claimed];
    Some((id, stages.into_iter().find(|stage| stage.extension() == extension)?))
}

/// Moves a file to another stage, durably.
///
/// # Errors
/// The file system says no.
pub fn advance(folder: &Path, id: KeptId, from: Stage, to: Stage) -> io::Result<()> {
    fs::rename(path(folder, id, from), path(folder, id, to))?;
    File::open(folder)?.sync_all()
}

/// Removes a file in this stage, durably. It is no error if it is not there.
///
/// # Errors
/// The file system says no.
pub fn remove(folder: &Path, id: KeptId, stage: Stage) -> io::Result<()> {
    match fs::remove_file(path(folder, id, stage)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => File::open(folder)?.sync_all(),
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Writer {
    file: File,
    folder: PathBuf,
    id: KeptId,
    chunks: Chunks,
    /// How long it is by now.
    pub length: u64,
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be made or sealed.
    pub fn create(folder: &Path, id: KeptId, head: &Head, keys: &KeyRing) -> Result<Self, FileError> {
        let key = sealing::new_key().map_err(FileError::NoRandomness)?;
        let sealed = head.seal(&id, &key, keys)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(path(folder, id, Stage::Partial))?;
        let size = u32::try_from(sealed.len()).map_err(|_| Damaged)?;
        file.write_all(FORMAT)?;
        file.write_all(&size.to_be_bytes())?;
        file.write_all(&sealed)?;
        let length = (FORMAT.len() + 4 + sealed.len()) as u64;
        Ok(Self { file, folder: folder.into(), id, chunks: Chunks::new(&key), length })
    }

    /// Seals a whole chunk of [`CHUNK`] bytes that is not the last one, writes it, and empties it for the next one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, chunk: &mut Vec<u8>) -> Result<(), FileError> {
        debug_assert_eq!(chunk.len(), CHUNK, "only the last chunk may be shorter");
        self.put(chunk, false)
    }

    /// Writes the last chunk, which may be empty, and makes the file durable under its own name.
    ///
    /// # Errors
    /// It cannot be written; then it is not kept.
    pub fn finish(mut self, mut chunk: Vec<u8>) -> Result<u64, FileError> {
        self.put(&mut chunk, true)?;
        self.file.sync_all()?;
        advance(&self.folder, self.id, Stage::Partial, Stage::Waiting)?;
        Ok(self.length)
    }

    fn put(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), FileError> {
        self.chunks.seal(chunk, last)?;
        self.file.write_all(chunk)?;
        self.length += chunk.len() as u64;
        chunk.clear();
        Ok(())
    }
}

/// A file that is being read.
#[derive(Debug)]
pub struct Reader {
    file: File,
    chunks: Chunks,
    /// How many sealed bytes are left; `None` after the last chunk.
    left: Option<u64>,
    /// How long the whole body is.
    pub body_length: u64,
    /// How long the file is.
    pub file_length: u64,
}

impl Reader {
    /// Opens a file and reads its head.
    ///
    /// # Errors
    /// It is not there, damaged, of another name, or sealed with a key that is not in the ring.
    pub fn open(folder: &Path, id: KeptId, stage: Stage, keys: &KeyRing) -> Result<(Head, Self), FileError> {
        let mut file = File::open(path(folder, id, stage))?;
        let file_length = file.metadata()?.len();
        let mut start = [0; 12];
        read_exactly(&mut file, &mut start)?;
        let size = u32::from_be_bytes([start[8], start[9], start[10], start[11]]);
        if &start[..8] != FORMAT || size > LONGEST_HEAD {
            return Err(Damaged.into());
        }
        let mut sealed = vec![0; size as usize];
        read_exactly(&mut file, &mut sealed)?;
        let (head, key) = Head::open(&id, &sealed, keys)?;
        let left = file_length - start.len() as u64 - u64::from(size);
        let chunks = left.div_ceil((CHUNK + TAG) as u64);
        let body_length = left.checked_sub(chunks * TAG as u64).filter(|_| chunks > 0).ok_or(Damaged)?;
        let reader = Self { file, chunks: Chunks::new(&key), left: Some(left), body_length, file_length };
        Ok((head, reader))
    }

    /// The next chunk of the body; `None` after the last one.
    ///
    /// # Errors
    /// It is damaged or cannot be read.
    pub fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        let Some(left) = self.left else { return Ok(None) };
        let size = left.min((CHUNK + TAG) as u64);
        let last = size == left;
        let mut chunk = vec![0; usize::try_from(size).map_err(|_| Damaged)?];
        read_exactly(&mut self.file, &mut chunk)?;
        self.chunks.open(&mut chunk, last)?;
        self.left = if last { None } else { Some(left - size) };
        Ok(Some(chunk))
    }
}

/// A file that is shorter than it should be is damaged, and not just hard to read.
fn read_exactly(file: &mut File, into: &mut [u8]) -> Result<(), FileError> {
    file.read_exact(into).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Damaged.into(),
        _ => error.into(),
    })
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
