//! Rows of a replay, in a memory that does not grow with the history: only what a decision looks at is kept.
//!
//! Nothing here may reach the store's write side.

use crate::books::{KeyValue, MemoryRows, Rows, RowsError, RowsMut, Scan, Table};

/// Rows in memory, with what was spent of mandates read from the store.
///
/// A row of that table is never changed once it is written, and a decision only looks for those of one window before
/// it: what the store has of them now is what it had then.
pub(super) struct ThinRows<'a> {
    kept: MemoryRows,
    spent: &'a dyn Rows,
}

impl<'a> ThinRows<'a> {
    /// No rows but those of `spent`.
    pub(super) fn new(spent: &'a dyn Rows) -> Self {
        Self { kept: MemoryRows::default(), spent }
    }
}

impl Rows for ThinRows<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        match table {
            Table::MandateSpends => self.spent.get(table, key),
            _ => self.kept.get(table, key),
        }
    }

    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError> {
        match table {
            Table::MandateSpends => self.spent.scan(table, scan),
            _ => self.kept.scan(table, scan),
        }
    }
}

impl RowsMut for ThinRows<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        if !GROWS.contains(&table) {
            self.kept.put(table, key, value);
        }
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        self.kept.delete(table, key);
    }
}

/// Tables with a row for each payment there ever was, at which neither a decision nor the fold behind it looks.
const GROWS: [Table; 9] = [
    Table::Asked,
    Table::Blocks,
    Table::Calls,
    Table::Duplicates,
    Table::History,
    Table::Idempotency,
    Table::MandateSpends,
    Table::Rates,
    Table::Trail,
];
