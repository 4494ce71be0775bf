//! The books while they are folded anew inside one transaction. Nothing of it may be kept unless all of it fits.

use redb::WriteTransaction;

use super::StoreError;
use super::engine::{FoldEvent, StoredEvent};
use super::redb::{definition, failed};
use super::scan::{scan_table, value};
use crate::books::{KeyValue, Rows, RowsError, RowsMut, Scan, Table};

/// Every table of the books, open for writing.
pub(super) struct Refold<'t> {
    /// In the order of [`Table::ALL`].
    tables: Vec<redb::Table<'t, &'static [u8], &'static [u8]>>,
    /// The first write that failed: writing a row gives no answer.
    failed: Option<StoreError>,
}

impl<'t> Refold<'t> {
    pub(super) fn open(write: &'t WriteTransaction) -> Result<Self, StoreError> {
        let tables = Table::ALL.iter().map(|table| write.open_table(definition(*table)));
        let tables = tables.collect::<Result<_, _>>().map_err(failed)?;
        Ok(Self { tables, failed: None })
    }

    pub(super) fn fold(
        &mut self,
        fold: &mut FoldEvent<'_>,
        event: &StoredEvent,
    ) -> Result<(), StoreError> {
        fold(self, event)?;
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Rows for Refold<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        value(&self.tables[table as usize], key)
    }

    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError> {
        scan_table(&self.tables[table as usize], scan)
    }
}

impl RowsMut for Refold<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        if let Err(error) = self.tables[table as usize].insert(key, value.as_slice()) {
            self.failed = Some(failed(error));
        }
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        if let Err(error) = self.tables[table as usize].remove(key) {
            self.failed = Some(failed(error));
        }
    }
}
