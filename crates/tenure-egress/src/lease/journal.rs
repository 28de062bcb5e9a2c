//! The records of all leases on a medium: a heading, then one line for each change.
//!
//! A crash may leave the last lines cut off or damaged; they were never acknowledged, and are removed. Damage before a
//! good line is not from a crash: nothing is guessed then, and the egress does not start.

use std::io;

use super::book::{Book, Conflict};
use super::medium::Medium;
use super::record::{Record, Unreadable};

const HEADING: &str = "tenure-leases 1\n";

/// Beyond so many records more than are needed, the journal is written anew.
const SLACK: usize = 1024;

/// Why the journal can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The medium failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is not a journal of leases, or one of a newer version.
    #[error("this is not a journal of leases, or one of a newer version")]
    Foreign,
    /// A line in its midst is damaged.
    #[error(
        "line {0} is damaged and lines after it are not, so this was no crash; put back a copy, or remove the line if you know what it was"
    )]
    Damaged(usize),
    /// A line contradicts an earlier one.
    #[error("line {0}: {1}")]
    Contradiction(usize, Conflict),
    /// An earlier write failed, and nothing is known of what it left behind.
    #[error("an earlier write failed; leases can be changed again after a restart")]
    Broken,
}

/// The records of all leases.
#[derive(Debug)]
pub struct Journal<M> {
    medium: M,
    records: usize,
    broken: bool,
}

impl<M: Medium> Journal<M> {
    /// Reads a journal and makes the book of it.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(mut medium: M, now: u64) -> Result<(Self, Book), JournalError> {
        let bytes = medium.read()?;
        let (book, records, whole) = parse(&bytes)?;
        let mut journal = Self { medium, records, broken: false };
        if !whole || journal.is_too_long(&book) {
            journal.compact(&book, now)?;
        }
        Ok((journal, book))
    }

    /// Adds a record, durably.
    ///
    /// # Errors
    /// [`JournalError`]; nothing can be added any more then.
    pub fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Broken);
        }
        self.broken = true;
        self.medium.append(record.to_line().as_bytes())?;
        self.medium.sync()?;
        self.broken = false;
        self.records += 1;
        Ok(())
    }

    /// Whether it has many more records than it needs.
    pub fn is_too_long(&self, book: &Book) -> bool {
        self.records > 2 * book.size() + SLACK
    }

    /// Writes it anew, with no more than is needed.
    ///
    /// # Errors
    /// [`JournalError`]; nothing can be added any more then.
    pub fn compact(&mut self, book: &Book, now: u64) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Broken);
        }
        let records = book.snapshot(now);
        let lines: String = records.iter().map(Record::to_line).collect();
        self.broken = true;
        self.medium.replace(format!("{HEADING}{lines}").as_bytes())?;
        self.broken = false;
        self.records = records.len();
        Ok(())
    }
}

/// The book, how many records made it, and whether there was nothing else.
fn parse(bytes: &[u8]) -> Result<(Book, usize, bool), JournalError> {
    let mut book = Book::default();
    let Some(body) = bytes.strip_prefix(HEADING.as_bytes()) else {
        // An empty file, or one that a crash left before its heading was whole.
        let never_begun = HEADING.as_bytes().starts_with(bytes);
        return if never_begun { Ok((book, 0, false)) } else { Err(JournalError::Foreign) };
    };
    let mut records = 0;
    let mut damaged = None;
    for (line, number) in body.split_inclusive(|&byte| byte == b'\n').zip(2..) {
        let record = line.strip_suffix(b"\n").ok_or(Unreadable::Damaged).and_then(Record::from_line);
        match (record, damaged) {
            (Ok(_), Some(earlier)) => return Err(JournalError::Damaged(earlier)),
            (Ok(record), None) => {
                book.apply(&record).map_err(|conflict| JournalError::Contradiction(number, conflict))?;
                records += 1;
            }
            (Err(Unreadable::Unknown), _) => return Err(JournalError::Foreign),
            (Err(Unreadable::Damaged), _) => damaged = damaged.or(Some(number)),
        }
    }
    Ok((book, records, damaged.is_none()))
}
