//! What policy is told: read in the transaction that decides, in as many looks as the request needs and no more.
//!
//! It must never read a row whose cost grows with what was paid before.

use crate::books::{DirectoryEntry, RowsError, View};
use crate::policy::{Claimed, Facts, Policy, Request, Stage, payee_key};

/// The facts of one request at a time.
pub(super) fn facts(
    view: &View<'_>,
    policy: &Policy,
    request: &Request,
    stage: Stage,
) -> Result<Facts, RowsError> {
    let claimed = claimed(view, policy, request, stage)?;
    // Only a mandate asks what is bought.
    let (payee, merchant) = match (&claimed, &request.cart) {
        (None, _) => (None, None),
        (Some(_), cart) => {
            let payee = payee(view, request)?;
            let merchant =
                cart.as_ref().map(|cart| view.merchant(&cart.merchant_id)).transpose()?;
            (payee, merchant.flatten())
        }
    };
    Ok(Facts {
        frozen: view.freeze()?.map(|freeze| freeze.reason),
        approvals_waiting: view.counters()?.approvals_waiting,
        stage,
        now: view.now(),
        claimed,
        payee_category: payee.and_then(|entry| entry.category),
        merchant_category: merchant.and_then(|entry| entry.category),
        pinned: pinned(view, request)?,
    })
}

/// What the owner says of the payee: of its very address first, then of the seller at it.
fn payee(view: &View<'_>, request: &Request) -> Result<Option<DirectoryEntry>, RowsError> {
    let places = [request.origin(), request.seller_host()];
    let mut found = view.payee(&payee_key(&request.payee.address))?;
    for place in places.into_iter().flatten() {
        if found.is_none() {
            found = view.payee(place)?;
        }
    }
    Ok(found)
}

fn pinned(view: &View<'_>, request: &Request) -> Result<Option<String>, RowsError> {
    let (Some(terms), Some(origin)) = (&request.terms, request.origin()) else { return Ok(None) };
    Ok(view.pin(origin, &terms.network)?.map(|pin| pin.pay_to))
}

fn claimed(
    view: &View<'_>,
    policy: &Policy,
    request: &Request,
    stage: Stage,
) -> Result<Option<Claimed>, RowsError> {
    let Some(id) = request.mandate_id.as_deref() else { return Ok(None) };
    let Some(row) = view.mandate(id)? else { return Ok(None) };
    let cap = row.mandate.cap_for(request.amount.currency, &policy.pegs);
    let usage = cap.map(|cap| view.mandate_usage(id, cap)).transpose()?.unwrap_or_default();
    let held = match stage {
        Stage::New => None,
        Stage::Queued | Stage::Approved => {
            view.payment(request.payment_id)?.and_then(|payment| payment.charge)
        }
    };
    Ok(Some(Claimed {
        version: row.version,
        revoked: row.revoked_at_ms.is_some(),
        mandate: *row.mandate,
        usage,
        held,
    }))
}

#[cfg(test)]
mod tests;
