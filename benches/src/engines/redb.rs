//! redb: a copy-on-write B-tree.

use std::path::Path;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::{Engine, Key};

const RECORDS: TableDefinition<'_, Key, &[u8]> = TableDefinition::new("records");

/// redb, with its default durability: every commit is synced.
pub struct Redb(Database);

impl Engine for Redb {
    const NAME: &'static str = "redb";

    fn open(folder: &Path) -> Self {
        Self(Database::create(folder.join("redb")).unwrap())
    }

    fn write(&mut self, batch: &[(Key, Vec<u8>)]) {
        let transaction = self.0.begin_write().unwrap();
        {
            let mut records = transaction.open_table(RECORDS).unwrap();
            for (key, value) in batch {
                records.insert(key, value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    fn read(&self) -> usize {
        let records = self.0.begin_read().unwrap().open_table(RECORDS).unwrap();
        records.iter().unwrap().filter(|record| !record.as_ref().unwrap().1.value().is_empty()).count()
    }
}
