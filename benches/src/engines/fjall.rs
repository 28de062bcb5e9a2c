//! fjall: a log-structured merge tree with a journal.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{Engine, Key};

/// fjall 3, as the embedded store uses it.
pub struct Fjall {
    database: Database,
    records: Keyspace,
}

impl Engine for Fjall {
    const NAME: &'static str = "fjall";

    fn open(folder: &Path) -> Self {
        let database = Database::builder(folder.join("fjall")).open().unwrap();
        let records = database.keyspace("records", KeyspaceCreateOptions::default).unwrap();
        Self { database, records }
    }

    fn write(&mut self, batch: &[(Key, Vec<u8>)]) {
        let mut writes = self.database.batch().durability(Some(PersistMode::SyncData));
        for (key, value) in batch {
            writes.insert(&self.records, key.as_slice(), value.as_slice());
        }
        writes.commit().unwrap();
    }

    fn read(&self) -> usize {
        self.records.iter().map(|record| record.value().unwrap()).filter(|value| !value.is_empty()).count()
    }
}
