//! Changes laid over rows that are not touched yet.

use std::collections::BTreeMap;

use crate::books::{KeyValue, Rows, RowsError, RowsMut, Scan, Table};

/// Rows as they will be.
pub struct Overlay<'a> {
    base: &'a dyn Rows,
    changes: Changes,
}

/// Puts, and deletes where `None`.
pub type Changes = BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

impl<'a> Overlay<'a> {
    /// Nothing changed yet.
    pub fn new(base: &'a dyn Rows) -> Self {
        Self { base, changes: Changes::new() }
    }

    /// What has changed.
    pub fn into_changes(self) -> Changes {
        self.changes
    }

    /// Lays more changes on top.
    pub fn merge(&mut self, changes: Changes) {
        self.changes.extend(changes);
    }

    fn changed<'s>(
        &'s self,
        table: Table,
        scan: &'s Scan<'_>,
    ) -> impl Iterator<Item = (&'s Vec<u8>, &'s Option<Vec<u8>>)> {
        self.changes
            .range((table, scan.prefix.to_vec())..)
            .take_while(move |((t, key), _)| *t == table && key.starts_with(scan.prefix))
            .filter(|((_, key), _)| scan.wants(key))
            .map(|((_, key), value)| (key, value))
    }
}

impl Rows for Overlay<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        match self.changes.get(&(table, key.to_vec())) {
            Some(change) => Ok(change.clone()),
            None => self.base.get(table, key),
        }
    }

    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError> {
        // Changed keys may hide rows of the base, so that many more are asked for.
        let hidden = self.changed(table, scan).count();
        let wider = Scan { limit: scan.limit.saturating_add(hidden), ..*scan };
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> =
            self.base.scan(table, &wider)?.into_iter().collect();
        for (key, change) in self.changed(table, scan) {
            match change {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        let rows = merged.into_iter();
        Ok(if scan.reverse {
            rows.rev().take(scan.limit).collect()
        } else {
            rows.take(scan.limit).collect()
        })
    }
}

impl RowsMut for Overlay<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.changes.insert((table, key.to_vec()), Some(value));
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        self.changes.insert((table, key.to_vec()), None);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::books::MemoryRows;

    proptest! {
        /// An overlay over some rows reads like a map that got all changes.
        #[test]
        fn reads_like_a_map(
            below in prop::collection::vec((0..6u8, 0..6u8), 0..12),
            above in prop::collection::vec((0..6u8, 0..6u8, any::<bool>()), 0..12),
            prefix in prop::option::of(0..6u8),
            after in prop::option::of((0..6u8, 0..6u8)),
            reverse in any::<bool>(),
            limit in 0..8usize,
        ) {
            let mut base = MemoryRows::default();
            let mut model = MemoryRows::default();
            for (a, b) in below {
                base.put(Table::Queue, &[a, b], vec![b]);
                model.put(Table::Queue, &[a, b], vec![b]);
            }
            let mut overlay = Overlay::new(&base);
            for (a, b, keep) in above {
                if keep {
                    overlay.put(Table::Queue, &[a, b], vec![9]);
                    model.put(Table::Queue, &[a, b], vec![9]);
                } else {
                    overlay.delete(Table::Queue, &[a, b]);
                    model.delete(Table::Queue, &[a, b]);
                }
            }
            let prefix: Vec<u8> = prefix.into_iter().collect();
            let after = after.map(|(a, b)| [a, b]);
            let scan = Scan {
                prefix: &prefix,
                after: after.as_ref().map(<[u8; 2]>::as_slice),
                reverse,
                limit,
            };
            prop_assert_eq!(
                overlay.scan(Table::Queue, &scan).unwrap(),
                model.scan(Table::Queue, &scan).unwrap()
            );
        }
    }
}
