//! The policy in force, and putting another one there. Only the owner's word does that; a draft in a file never has an
//! effect by itself.

use std::collections::BTreeMap;

use super::Engine;
use super::failures::{refused, store_failure};
use crate::books::{Body, Event, PolicyInForce, View};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::failure::Failure;
use crate::ledger::Head;
use crate::money::Currency;
use crate::policy::{Mandate, Pegs, Policy};
use crate::store::Refusal;

/// A policy that was to be put in force.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What was in force before.
    pub before: Policy,
    /// Whether anything changed; the same policy again is no event.
    pub changed: bool,
    /// The chain's head.
    pub head: Head,
}

impl Engine {
    /// The policy in force. A wallet without one decides by [`Policy::live`].
    ///
    /// # Errors
    /// The store's.
    pub fn policy(&self) -> Result<PolicyInForce, Failure> {
        let row = self.store().read(|view| view.policy()).map_err(|e| store_failure(&e))?;
        Ok(row.unwrap_or_else(|| PolicyInForce { policy: Policy::live(), since_ms: Millis(0) }))
    }

    /// Puts a policy in force, if the one it replaces still is.
    ///
    /// # Errors
    /// When another one was put in force meanwhile, a mandate would count two of its currencies as one, or the
    /// store's.
    pub async fn apply_policy(
        &self,
        policy: Policy,
        replaces: Option<Digest>,
    ) -> Result<Applied, Failure> {
        let commit = self.store().commit(move |view| apply(view, policy, replaces));
        let committed = commit.await.map_err(refused)?;
        // Approvals, receiving and lanes may go by other rules from here on.
        self.nudge();
        let (before, changed) = committed.value;
        Ok(Applied { before, changed, head: committed.head })
    }
}

type Apply = Result<(Vec<Event>, (Policy, bool)), Refusal<Failure>>;

fn apply(view: &View<'_>, policy: Policy, replaces: Option<Digest>) -> Apply {
    let row = view.policy()?;
    let before = row.as_ref().map_or_else(Policy::live, |row| row.policy.clone());
    if replaces.is_some_and(|replaces| replaces != before.hash()) {
        let message = format!("the policy in force is {} by now", before.hash());
        let failure = Failure::refused("POLICY_CHANGED", message)
            .hint("`paywarden policy check` shows what would change now");
        return Err(Refusal::No(failure));
    }
    if row.is_some_and(|row| row.policy == policy) {
        return Ok((Vec::new(), (before, false)));
    }
    if before.pegs != policy.pegs
        && let Some(row) =
            view.mandates()?.iter().find(|row| counts_twice(&row.mandate, &policy.pegs))
    {
        let id = &row.mandate.id;
        let message = format!("two caps of mandate {id} are in currencies that would count as one");
        let failure = Failure::refused("POLICY_CONFLICT", message)
            .hint("Amend or revoke the mandate first, or leave the pegs as they are");
        return Err(Refusal::No(failure));
    }
    let policy_hash = policy.hash();
    Ok((vec![Body::PolicyLoaded { policy, policy_hash }.into()], (before, true)))
}

/// Whether two of a mandate's caps are in currencies that count as one, so that their sum would be the cap.
pub(super) fn counts_twice(mandate: &Mandate, pegs: &Pegs) -> bool {
    let mut counted: BTreeMap<Currency, u32> = BTreeMap::new();
    for cap in &mandate.caps {
        let currency = cap.cap.currency;
        *counted.entry(pegs.get(&currency).copied().unwrap_or(currency)).or_default() += 1;
    }
    counted.values().any(|caps| *caps > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{MemoryRows, apply as book};

    fn loaded(policy: &Policy) -> Event {
        Body::PolicyLoaded { policy: policy.clone(), policy_hash: policy.hash() }.into()
    }

    fn refusal(result: Apply) -> String {
        match result {
            Err(Refusal::No(failure)) => failure.code.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_policy_again_is_no_event_and_a_race_has_one_winner() {
        let mut rows = MemoryRows::default();
        let (first, second) = (Policy::sandbox(), Policy::live());
        book(&mut rows, 1, Millis(0), &loaded(&first)).unwrap();
        let view = View::new(&rows, Millis(0));
        let (events, (_, changed)) = apply(&view, first.clone(), None).unwrap();
        assert!(events.is_empty() && !changed);
        let (events, (before, changed)) = apply(&view, second.clone(), Some(first.hash())).unwrap();
        assert!(changed && before == first && events == vec![loaded(&second)]);
        assert_eq!(refusal(apply(&view, first, Some(second.hash()))), "POLICY_CHANGED");
    }

    #[test]
    fn a_policy_cannot_make_one_cap_of_two() {
        let body = r#"{"id":"m","cap":{"amount":"1","currency":"USD"},"caps":[{"cap":{"amount":"1","currency":"EURC"}}]}"#;
        let mandate: Mandate = serde_json::from_str(body).unwrap();
        let mut rows = MemoryRows::default();
        book(&mut rows, 1, Millis(0), &loaded(&Policy::sandbox())).unwrap();
        let created =
            Body::MandateCreated { mandate: Box::new(mandate), version: 1, proposal_id: None };
        book(&mut rows, 2, Millis(0), &created.into()).unwrap();
        let view = View::new(&rows, Millis(0));
        let pegged = Policy::from_toml("[pegs]\nEURC = \"USD\"").unwrap();
        assert_eq!(refusal(apply(&view, pegged, None)), "POLICY_CONFLICT");
        assert!(apply(&view, Policy::from_toml("[pegs]").unwrap(), None).is_ok());
    }
}
