//! Rows of one redb table, read alike from a snapshot and from within a transaction. It must never read past its scan.

use std::ops::Bound;

use redb::{AccessGuard, ReadableTable, StorageError};

use super::redb::medium;
use crate::books::{KeyValue, RowsError, Scan};

/// One row.
pub(super) fn value(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, RowsError> {
    Ok(table.get(key).map_err(medium)?.map(|value| value.value().to_vec()))
}

/// The rows of a scan.
pub(super) fn scan_table(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    scan: &Scan<'_>,
) -> Result<Vec<KeyValue>, RowsError> {
    let end = successor(scan.prefix);
    // Both ends are looked up in the tree, so that a page far in costs no more than the first.
    let from = scan.after.filter(|after| !scan.reverse && *after >= scan.prefix);
    let from = from.map_or(Bound::Included(scan.prefix), Bound::Excluded);
    let end = end.as_deref();
    let to = scan.after.filter(|after| scan.reverse && end.is_none_or(|end| *after < end));
    let to = to.or(end).map_or(Bound::Unbounded, Bound::Excluded);
    if crossed(from, to) || scan.limit == 0 {
        return Ok(Vec::new());
    }
    let range = table.range::<&[u8]>((from, to)).map_err(medium)?;
    if scan.reverse { taken(range.rev(), scan) } else { taken(range, scan) }
}

fn taken<'t>(
    entries: impl Iterator<Item = Result<Entry<'t>, StorageError>>,
    scan: &Scan<'_>,
) -> Result<Vec<KeyValue>, RowsError> {
    let mut found = Vec::new();
    for entry in entries {
        let (key, value) = entry.map_err(medium)?;
        if scan.wants(key.value()) {
            found.push((key.value().to_vec(), value.value().to_vec()));
        }
        if found.len() == scan.limit {
            break;
        }
    }
    Ok(found)
}

/// Whether a range begins where it has ended; the tree asks for ordered bounds.
fn crossed(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to)) => from >= to,
        _ => false,
    }
}

/// Past the last key with this prefix.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let keep = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut end = prefix[..=keep].to_vec();
    end[keep] += 1;
    Some(end)
}

type Entry<'t> = (AccessGuard<'t, &'static [u8]>, AccessGuard<'t, &'static [u8]>);
