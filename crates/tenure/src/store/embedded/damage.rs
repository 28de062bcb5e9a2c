//! Damage in the engine's journals, looked for before the engine opens them.
//!
//! The engine (fjall 3.1) takes any entry of a journal that it cannot parse for the end, and cuts off everything
//! after it, acknowledged endings too; and it opens nothing at all if one checksum is wrong. It has no way to leave
//! a batch out. So this reads the journals first:
//!
//! * the last batch is broken: a crash came while it was written, and nobody was told. It is cut off.
//! * a batch is whole and its checksum is wrong: what is sealed is checked anew when it is read, so that damage is
//!   one session's. What is not sealed is set to zero, and the checksum to what it now is. That is so if every item
//!   is of a kind that sound batches have, too: otherwise it might be put where nobody looks for it.
//! * a batch is broken and others come after it: what is missing is not known, be it somebody's sign-out. Nothing
//!   is opened then, and nothing is changed.
//!
//! A journal is a row of batches: a start (1, number of items, sequence number), items (2, kind, compression,
//! keyspace, lengths, key, value), an end (3, XXH3 of the items, four letters). Numbers are little-endian.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::engine::Engine;
use super::opening::OpenError;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const VALUE: u8 = 0;
const REMOVED: u8 = 1;
const UNCOMPRESSED: u8 = 0;
/// The length of what is written behind.
const ACTIVITY: usize = 24;
const LETTERS: &[u8] = b"FJL\x03";
/// How many bytes a start and an end have.
const START_LEN: usize = 1 + 4 + 8;
const END_LEN: usize = 1 + 8 + 4;
/// A journal is made as long as this many zeros at once; so many at a time are its end.
const ZEROS: usize = 8 << 20;
const PIECE: usize = 1 << 20;

/// What stands at a place in a journal.
enum Next {
    Sound(Batch),
    /// Whole, but the checksum is wrong.
    Unsound(Batch),
    Broken,
}

struct Batch {
    len: usize,
    sequence: u64,
    kinds: HashSet<Kind>,
    /// Where the values are that are not sealed.
    open: Vec<Range<usize>>,
}

/// The keyspace of an item, and what it looks like.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    keyspace: u64,
    looks: Looks,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Looks {
    Record,
    Activity,
    Bag,
    Note,
    Removed,
}

/// Makes the journals of a store readable as far as that is safe. A store that is open elsewhere is left alone.
///
/// # Errors
/// [`OpenError::Damaged`], or a journal cannot be read or written.
pub(super) fn mend(store: &Path) -> Result<(), OpenError> {
    let failed = |error: io::Error| OpenError::Engine { path: store.into(), reason: error.to_string() };
    let Ok(lock) = OpenOptions::new().read(true).write(true).open(store.join("lock")) else { return Ok(()) };
    if lock.try_lock().is_err() {
        return Ok(());
    }
    let journals = journals(store).map_err(failed)?;
    for (number, journal) in journals.iter().enumerate() {
        mend_journal(journal, number + 1 == journals.len()).map_err(failed)??;
    }
    Ok(())
}

/// What the engine's refusal to open a store means. It does not say which file it was reading.
pub(super) fn explain(store: &Path, error: &fjall::Error) -> OpenError {
    use fjall::Error;
    let missing = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
        )
    };
    let (path, reason) = match error {
        Error::Storage(fjall::LsmError::Io(cause)) if !missing(cause) => (None, cause.to_string()),
        Error::Storage(cause) => (Some("keyspaces"), format!("the tables in it are damaged ({cause:?})")),
        Error::JournalRecovery(cause) => (Some(""), format!("a journal in it is damaged ({cause:?})")),
        Error::InvalidVersion(_) => {
            (Some("version"), "it is damaged, or of another version of the engine".into())
        }
        Error::InvalidTag(_) | Error::InvalidTrailer | Error::Decompress(_) | Error::Unrecoverable => {
            (Some(""), format!("files in it are damaged ({error:?})"))
        }
        Error::Io(cause) => (None, cause.to_string()),
        error => (None, error.to_string()),
    };
    match path {
        Some(part) => OpenError::Damaged { path: store.join(part), reason },
        None => OpenError::Engine { path: store.into(), reason },
    }
}

/// What it means that records cannot be read. All other records of the table could be, but what is missing may be
/// an ending; and the engine would stop at the next compaction, which reads the whole table.
pub(super) fn explain_reading(engine: &Engine, store: &Path, reason: String) -> OpenError {
    match engine.read(|open| Ok(open.damaged_table())) {
        Ok(Some(path)) => OpenError::Damaged { path, reason: format!("a block of it is damaged ({reason})") },
        _ => OpenError::Engine { path: store.into(), reason },
    }
}

/// The newest one comes last.
fn journals(store: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(store)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|end| end == "jnl")) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// `written`: it is the one that was written to, and it may end in the middle of a batch.
fn mend_journal(journal: &Path, written: bool) -> io::Result<Result<(), OpenError>> {
    let bytes = read(journal)?;
    let (mut at, mut unsound) = (0, Vec::new());
    // Where the sound ones end.
    let mut sound = 0;
    let (mut sequence, mut kinds) = (None, HashSet::new());
    loop {
        let (batch, is_sound) = match next(&bytes[at..]) {
            Next::Sound(batch) => (batch, true),
            Next::Unsound(batch) => (batch, false),
            Next::Broken => break,
        };
        // The checksum does not cover it.
        if sequence.is_some_and(|before| before >= batch.sequence) {
            return Ok(Err(damaged(journal, at)));
        }
        sequence = Some(batch.sequence);
        let begin = at;
        at += batch.len;
        if is_sound {
            kinds.extend(batch.kinds);
            sound = at;
        } else {
            unsound.push((begin, batch));
        }
    }
    let rest = &bytes[at..];
    let goes_on = || (1..rest.len()).any(|at| matches!(next(&rest[at..]), Next::Sound(_)));
    if !is_zero(rest) && (!written || goes_on()) {
        return Ok(Err(damaged(journal, at)));
    }
    if !written {
        sound = at;
    }
    let middle: Vec<_> = unsound.into_iter().filter(|(at, ..)| *at < sound).collect();
    if let Some((at, _)) = middle.iter().find(|(_, batch)| !batch.kinds.is_subset(&kinds)) {
        return Ok(Err(damaged(journal, *at)));
    }
    if middle.is_empty() && is_zero(&bytes[sound..]) {
        return Ok(Ok(()));
    }
    if !middle.is_empty() {
        keep_as_it_is(journal)?;
    }
    let mut file = OpenOptions::new().write(true).open(journal)?;
    for (at, Batch { len, open, .. }) in middle {
        tracing::error!(journal = %journal.display(), at, "a part of the journal is damaged; the rest is read");
        let mut batch = bytes[at..at + len].to_vec();
        open.into_iter().for_each(|value| batch[value].fill(0));
        let checksum = xxh3_64(&batch[START_LEN..len - END_LEN]);
        batch[len - END_LEN + 1..len - 4].copy_from_slice(&checksum.to_le_bytes());
        file.seek(SeekFrom::Start(at as u64))?;
        file.write_all(&batch)?;
    }
    if !is_zero(&bytes[sound..]) {
        tracing::warn!(journal = %journal.display(), at = sound, "the last write had not been finished");
        file.set_len(sound as u64)?;
    }
    file.sync_all()?;
    Ok(Ok(()))
}

fn damaged(journal: &Path, at: usize) -> OpenError {
    let reason = format!("it is damaged at byte {at}, and what was written after that may be missing");
    OpenError::Damaged { path: journal.into(), reason }
}

/// For whoever wants to look at it later. The first copy is the one that matters.
fn keep_as_it_is(journal: &Path) -> io::Result<()> {
    let mut name = journal.as_os_str().to_owned();
    name.push(".damaged");
    let copy = PathBuf::from(name);
    if !copy.try_exists()? {
        std::fs::copy(journal, &copy)?;
        File::open(&copy)?.sync_all()?;
    }
    Ok(())
}

/// Everything up to the zeros at the end, and some of those.
fn read(journal: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(journal)?;
    let (mut bytes, mut zeros) = (Vec::new(), 0);
    while zeros < ZEROS {
        let before = bytes.len();
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut bytes)?;
        if read == 0 {
            break;
        }
        zeros = if is_zero(&bytes[before..]) { zeros + read } else { 0 };
    }
    Ok(bytes)
}

fn is_zero(bytes: &[u8]) -> bool {
    const NONE: [u8; 4096] = [0; 4096];
    bytes.chunks(NONE.len()).all(|piece| *piece == NONE[..piece.len()])
}

/// What stands at the beginning of these bytes.
fn next(bytes: &[u8]) -> Next {
    batch(bytes).unwrap_or(Next::Broken)
}

fn batch(bytes: &[u8]) -> Option<Next> {
    let items = (*bytes.first()? == START).then(|| number::<4>(bytes, 1))??;
    let sequence = number::<8>(bytes, 5)?;
    let (mut at, mut open, mut kinds) = (START_LEN, Vec::new(), HashSet::new());
    for _ in 0..items {
        if *bytes.get(at)? != ITEM {
            return None;
        }
        let keyspace = number::<8>(bytes, at + 3)?;
        let key = usize::try_from(number::<2>(bytes, at + 11)?).ok()?;
        let value = usize::try_from(number::<4>(bytes, at + 13)?).ok()?;
        let stored = usize::try_from(number::<4>(bytes, at + 17)?).ok()?;
        let looks = match (bytes[at + 1], key, value) {
            (VALUE, 0..16, _) => Looks::Note,
            (VALUE, _, 0) => return None,
            (VALUE, 16, ACTIVITY) => Looks::Activity,
            (VALUE, 16, _) => Looks::Record,
            (VALUE, ..) => Looks::Bag,
            (REMOVED, _, 0) => Looks::Removed,
            _ => return None,
        };
        if value != stored || bytes[at + 2] != UNCOMPRESSED {
            return None;
        }
        kinds.insert(Kind { keyspace, looks });
        let begin = at + 21 + key;
        at = begin.checked_add(value)?;
        if matches!(looks, Looks::Activity | Looks::Note) {
            open.push(begin..at);
        }
    }
    let end = bytes.get(at..at + END_LEN)?;
    if end[0] != END || !end.ends_with(LETTERS) {
        return None;
    }
    let sound = number::<8>(end, 1)? == xxh3_64(&bytes[START_LEN..at]);
    let batch = Batch { len: at + END_LEN, sequence, kinds, open };
    Some(if sound { Next::Sound(batch) } else { Next::Unsound(batch) })
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let mut number = [0; 8];
    number[..N].copy_from_slice(bytes.get(at..at + N)?);
    Some(u64::from_le_bytes(number))
}
