//! The one entry of a demand that is paid.
//!
//! This module must never choose by a seller's words: only by the currency that was named and by the price.

use super::{Asked, Offer, Unpayable, Wanted};

/// Every entry with what is against it, in the seller's order.
pub fn offers(asked: &Asked, wanted: &Wanted<'_>) -> Vec<Result<Offer, Unpayable>> {
    asked.entries.iter().map(|entry| Offer::judge(asked, entry, wanted)).collect()
}

/// The entry to pay: in the currency that was named rather than in one pegged to it, then the cheapest, then the first.
///
/// # Errors
/// Of all entries' reasons, that of the one which got furthest.
pub fn choose(asked: &Asked, wanted: &Wanted<'_>) -> Result<Offer, Unpayable> {
    let mut best: Option<Offer> = None;
    let mut reason = Unpayable::Malformed { field: "accepts" };
    let rank =
        |offer: &Offer| (offer.terms.currency != wanted.max.currency, offer.price().budget_units());
    for judged in offers(asked, wanted) {
        match judged {
            Ok(offer) if best.as_ref().is_none_or(|best| rank(&offer) < rank(best)) => {
                best = Some(offer);
            }
            Ok(_) => {}
            Err(other) if other.stage() > reason.stage() => reason = other,
            Err(_) => {}
        }
    }
    best.ok_or(reason)
}

#[cfg(test)]
mod tests;
