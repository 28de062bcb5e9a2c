//! What is wrong with a configuration: where, what, and the nearest right thing.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Where a setting stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In a file.
    File {
        /// The file.
        file: PathBuf,
        /// Its line, counted from one; 0 is the file as a whole.
        line: usize,
    },
    /// In an environment variable.
    Environment(String),
    /// Nowhere: it is missing.
    Nowhere,
}

/// One thing that is wrong, or worth a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// The key, such as `egress.listen`; empty if it is about none.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// For putting problems in order: those of the file first, from top to bottom.
    pub(super) const fn line(&self) -> usize {
        match self.place {
            Place::File { line, .. } => line,
            Place::Environment(_) | Place::Nowhere => usize::MAX,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { file, line: 0 } => write!(f, "{}: ", file.display())?,
            Place::File { file, line } => write!(f, "{}:{line}: ", file.display())?,
            Place::Environment(name) => write!(f, "{name}: ")?,
            Place::Nowhere => {}
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigError {
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// These problems, put in order.
    pub fn of(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(Problem::line);
        Self { problems }
    }

    /// A file that can't be read.
    pub fn unreadable(file: &Path, source: &io::Error) -> Self {
        let message = match source.kind() {
            io::ErrorKind::NotFound => {
                "there is no such file; name another with --config, or write one".into()
            }
            _ => format!("cannot be read: {source}"),
        };
        let place = Place::File { file: file.into(), line: 0 };
        Self { problems: vec![Problem { place, key: String::new(), message }] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
