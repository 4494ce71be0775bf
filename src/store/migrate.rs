//! Taking over a store of an older version: a copy first, then the books folded anew in one transaction.
//!
//! It must never change a store whose chain does not hold, and never leave one between two formats: until the
//! transaction is durable the store is what it was, and the next start begins again.

use super::committer::Guards;
use super::engine::{Engine, StoredEvent};
use super::{FORMAT, StoreError};
use crate::books::{self, Body, Event, RowsMut};
use crate::clock::Millis;
use crate::ledger::{Chain, Head, Verifier, VerifyMode};

/// Brings an older store to [`FORMAT`]; does nothing to one that has it.
///
/// # Errors
/// When the copy cannot be made, the chain does not hold, or the medium fails; the store is then as before.
pub(super) fn migrate(engine: &dyn Engine, guards: &mut Guards) -> Result<(), StoreError> {
    let Some(from_format) = engine.outdated()? else { return Ok(()) };
    engine.keep_copy(from_format)?;
    let (head, last_at) = engine.snapshot()?.head()?;
    let mut chain = Chain::new(head, last_at);
    let at = chain.time(guards.clock.now());
    // A chain begins with its wallet: where there is none yet, nothing is said.
    let closing = (head != Head::GENESIS).then(|| closing(&mut chain, guards, from_format, at));
    let closing = closing.transpose()?;
    let mut verifier = Verifier::new(VerifyMode::Hashes, Vec::new(), Vec::new());
    let mut fold = |rows: &mut dyn RowsMut, stored: &StoredEvent| {
        verifier.push_read(stored.entry());
        if verifier.is_broken() {
            let why = verifier.clone().finish().reason.unwrap_or_default();
            return Err(StoreError::Corrupt { detail: format!("event {}: {why}", stored.seq) });
        }
        fold_event(rows, stored)
    };
    engine.refold(&mut fold, closing.as_ref())?;
    if let (Some(anchor), Some(_)) = (&mut guards.anchor, closing) {
        anchor.append(chain.head(), at);
    }
    Ok(())
}

/// The signed event that says so.
fn closing(
    chain: &mut Chain,
    guards: &Guards,
    from_format: u32,
    at: Millis,
) -> Result<StoredEvent, StoreError> {
    let event = Event::from(Body::StoreMigrated { from_format, to_format: FORMAT });
    let (kind, payment_id, data) = event.into_parts();
    let sealed = chain
        .append(at, &kind, payment_id, data, Some(guards.signer.key_id()))
        .map_err(|error| StoreError::Misfit { detail: error.to_string() })?;
    let signature = Some(guards.signer.sign(&sealed.event.hash));
    let (seq, hash) = (sealed.event.seq, sealed.event.hash);
    Ok(StoredEvent { seq, hash, signature, bytes: sealed.bytes })
}

fn fold_event(rows: &mut dyn RowsMut, stored: &StoredEvent) -> Result<(), StoreError> {
    let corrupt = |error: &dyn std::error::Error| StoreError::Corrupt {
        detail: format!("event {} cannot be folded: {error}", stored.seq),
    };
    let event = stored.decode().map_err(|e| corrupt(&e))?;
    let at = event.time().map_err(|e| corrupt(&e))?;
    let typed = Event::from_ledger(&event).map_err(|e| corrupt(&e))?;
    books::apply(rows, stored.seq, at, &typed).map_err(|e| corrupt(&e))
}
