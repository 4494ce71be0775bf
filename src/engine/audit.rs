//! Checking the whole ledger against keys, anchors and books.

use std::path::PathBuf;

use super::Engine;
use super::failures::store_failure;
use crate::books::{self, MemoryRows, Rows, Scan, Table};
use crate::failure::Failure;
use crate::ledger::{self, Head, Report, Verifier, VerifyMode};
use crate::limits;
use crate::store::{AnchorFile, Store, StoreError};

/// What a check of the ledger found.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The verdict.
    pub report: Report,
    /// Anchored heads that were looked for.
    pub anchors: u64,
}

impl Engine {
    /// Verifies the chain; `expected` heads and those of the anchor file must be in it. With `deep` every event is
    /// folded anew and each row compared.
    ///
    /// # Errors
    /// When store or anchor file cannot be read; a chain that does not hold is a verdict, not an error.
    pub async fn audit(&self, deep: bool, expected: Vec<Head>) -> Result<Audit, Failure> {
        let store = self.store().clone();
        let anchor = self.parts.anchor.clone();
        // A long chain takes seconds; the runtime goes on with its calls meanwhile.
        let checked = tokio::task::spawn_blocking(move || audit(&store, anchor, deep, expected));
        let stopped = |_| Failure::internal("INTERNAL", "the check of the ledger stopped");
        checked.await.map_err(stopped)?
    }
}

fn audit(
    store: &Store,
    anchor: Option<PathBuf>,
    deep: bool,
    mut expected: Vec<Head>,
) -> Result<Audit, Failure> {
    if let Some(path) = anchor {
        let anchors = AnchorFile::read(&path).map_err(|error| {
            Failure::internal("ANCHOR_UNREADABLE", format!("anchor.log cannot be read: {error}"))
        })?;
        expected.extend(anchors.into_iter().map(|anchor| anchor.head));
    }
    let anchors = expected.len() as u64;
    let report = check(store, deep, expected).map_err(|e| store_failure(&e))?;
    Ok(Audit { report, anchors })
}

fn check(store: &Store, deep: bool, expected: Vec<Head>) -> Result<Report, StoreError> {
    let keys = vec![store.trusted_key()];
    let mut verifier = Verifier::new(VerifyMode::Signatures, keys, expected);
    let mut folded = MemoryRows::default();
    let mut misfit = None;
    let snapshot = store.snapshot()?;
    let mut from = 1;
    loop {
        let page = snapshot.events(from, limits::LEDGER_PAGE as usize)?;
        let Some(last) = page.last() else { break };
        from = last.seq + 1;
        for stored in &page {
            verifier.push_read(stored.entry());
            if deep && misfit.is_none() && !verifier.is_broken() {
                let event = stored.decode().map_err(|e| e.to_string());
                let folding = event.and_then(|event| fold(&mut folded, &event));
                misfit = folding.err().map(|reason| (stored.seq, reason));
            }
        }
    }
    let mut report = verifier.finish();
    if deep && report.ok {
        let difference = misfit.or(compare(&folded, snapshot.rows())?.map(|why| (0, why)));
        if let Some((seq, reason)) = difference {
            report.ok = false;
            report.broken_at = (seq > 0).then_some(seq);
            report.reason = Some(reason);
        }
    }
    Ok(report)
}

fn fold(rows: &mut MemoryRows, event: &ledger::Event) -> Result<(), String> {
    let typed = books::Event::from_ledger(event).map_err(|e| e.to_string())?;
    let at = event.time().map_err(|e| e.to_string())?;
    books::apply(rows, event.seq, at, &typed).map_err(|e| e.to_string())
}

/// The first row in which the books are not the fold of the events.
fn compare(folded: &MemoryRows, kept: &dyn Rows) -> Result<Option<String>, StoreError> {
    for table in Table::ALL {
        let mut expected = folded.table(table);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let limit = limits::LEDGER_PAGE as usize;
            let scan = Scan { prefix: &[], after: after.as_deref(), reverse: false, limit };
            let page = kept.scan(table, &scan)?;
            for (key, value) in &page {
                if expected.next() != Some((key.as_slice(), value.as_slice())) {
                    return Ok(Some(format!("a row of {} differs from the events", table.name())));
                }
            }
            match page.into_iter().next_back() {
                Some((key, _)) => after = Some(key),
                None => break,
            }
        }
        if expected.next().is_some() {
            return Ok(Some(format!("a row of {} is missing", table.name())));
        }
    }
    Ok(None)
}
