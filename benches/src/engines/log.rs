//! A bare append log: what the disk can do. It never frees anything, so it is a measure and not an engine.

use std::fs::File;
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Engine, Key, VALUE};

/// Records one after the other in one file.
pub struct AppendLog {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
}

impl Engine for AppendLog {
    const NAME: &'static str = "append log";

    fn open(folder: &Path) -> Self {
        let path = folder.join("log");
        let file = File::options().append(true).create(true).open(&path).unwrap();
        Self { path, file, buffer: Vec::new() }
    }

    fn write(&mut self, batch: &[(Key, Vec<u8>)]) {
        self.buffer.clear();
        for (key, value) in batch {
            self.buffer.extend_from_slice(key);
            self.buffer.extend_from_slice(value);
        }
        self.file.write_all(&self.buffer).unwrap();
        self.file.sync_data().unwrap();
    }

    fn read(&self) -> usize {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(&self.path).unwrap());
        let (mut records, mut record) = (0, [0; size_of::<Key>() + VALUE]);
        while reader.read_exact(&mut record).is_ok() {
            records += 1;
        }
        records
    }
}
