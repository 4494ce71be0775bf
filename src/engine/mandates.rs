//! Mandates: granted, changed and taken back by the owner, drafted by agents.
//!
//! A draft must never have an effect, and a mandate that was taken back never comes back under its id.

use super::Engine;
use super::failures::refused;
use crate::books::{Body, Event, View};
use crate::failure::{Failure, Retry};
use crate::ids::{ProposalId, time_ordered};
use crate::ledger::Head;
use crate::limits;
use crate::policy::{Mandate, Policy, is_id};
use crate::store::Refusal;

/// A mandate as it was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its id.
    pub mandate_id: String,
    /// Which version is in force now.
    pub version: u32,
    /// The chain's head.
    pub head: Head,
}

/// Whether a mandate of this id must be there already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Put {
    /// A new mandate, or a new version of one in force.
    Create,
    /// A new version only.
    Amend,
}

type Wrote = Result<(Vec<Event>, u32), Refusal<Failure>>;

impl Engine {
    /// Puts a mandate in force; the same mandate again changes nothing.
    ///
    /// # Errors
    /// When one of this id was revoked, there are too many, or it has ended already; and the store's.
    pub async fn put_mandate(&self, mandate: Mandate, put: Put) -> Result<Written, Failure> {
        let mandate_id = mandate.id.clone();
        let commit = self.store().commit(move |view| write(view, mandate, put));
        let committed = commit.await.map_err(refused)?;
        Ok(Written { mandate_id, version: committed.value, head: committed.head })
    }

    /// Takes a mandate back for good.
    ///
    /// # Errors
    /// When there is none of this id in force; and the store's.
    pub async fn revoke_mandate(
        &self,
        id: String,
        reason: Option<String>,
    ) -> Result<Written, Failure> {
        let mandate_id = id.clone();
        let commit = self.store().commit(move |view| {
            let version = match view.mandate(&id)? {
                Some(row) if row.revoked_at_ms.is_none() => row.version,
                Some(_) => return Err(Refusal::No(is_revoked(&id))),
                None => return Err(Refusal::No(unknown(&id))),
            };
            Ok((vec![Body::MandateRevoked { mandate_id: id, reason }.into()], version))
        });
        let committed = commit.await.map_err(refused)?;
        Ok(Written { mandate_id, version: committed.value, head: committed.head })
    }

    /// Lays a draft before the owner. It has no effect.
    ///
    /// # Errors
    /// When the id is taken, it is for another agent, or too many drafts wait; and the store's.
    pub async fn propose_mandate(
        &self,
        mandate: Mandate,
        agent_id: Option<String>,
        note: Option<String>,
    ) -> Result<(ProposalId, Head), Failure> {
        let proposal_id = ProposalId(time_ordered(self.clock().now()));
        let commit = self.store().commit(move |view| {
            check_draft(view, &mandate, agent_id.as_deref())?;
            let mandate = Box::new(mandate);
            let body = Body::MandateProposed { proposal_id, mandate, agent_id, note };
            Ok((vec![body.into()], ()))
        });
        let committed = commit.await.map_err(refused)?;
        Ok((proposal_id, committed.head))
    }

    /// Puts a draft in force as it is.
    ///
    /// # Errors
    /// When it does not wait, its id was taken since, or it could not be created; and the store's.
    pub async fn grant_mandate(&self, id: ProposalId) -> Result<Written, Failure> {
        let commit = self.store().commit(move |view| {
            let Some(draft) = view.proposal(id)? else { return Err(Refusal::No(not_waiting(id))) };
            let mandate = draft.mandate;
            let mandate_id = mandate.id.clone();
            if view.mandate(&mandate_id)?.is_some() {
                return Err(Refusal::No(taken(&mandate_id)));
            }
            check(view, &mandate)?;
            check_room(view)?;
            let proposal_id = Some(id);
            let body = Body::MandateCreated { mandate, version: 1, proposal_id };
            Ok((vec![body.into()], mandate_id))
        });
        let committed = commit.await.map_err(refused)?;
        Ok(Written { mandate_id: committed.value, version: 1, head: committed.head })
    }

    /// Turns a draft down.
    ///
    /// # Errors
    /// When it does not wait; and the store's.
    pub async fn reject_mandate(
        &self,
        id: ProposalId,
        reason: Option<String>,
    ) -> Result<Head, Failure> {
        let commit = self.store().commit(move |view| match view.proposal(id)? {
            Some(_) => Ok((vec![Body::MandateRejected { proposal_id: id, reason }.into()], ())),
            None => Err(Refusal::No(not_waiting(id))),
        });
        Ok(commit.await.map_err(refused)?.head)
    }
}

fn write(view: &View<'_>, mandate: Mandate, put: Put) -> Wrote {
    let mandate = Box::new(mandate);
    match view.mandate(&mandate.id)? {
        Some(row) if row.revoked_at_ms.is_some() => Err(Refusal::No(is_revoked(&mandate.id))),
        Some(row) if row.mandate == mandate => Ok((Vec::new(), row.version)),
        Some(row) => {
            check(view, &mandate)?;
            let version = row.version.saturating_add(1);
            Ok((vec![Body::MandateAmended { mandate, version }.into()], version))
        }
        None if put == Put::Amend => Err(Refusal::No(unknown(&mandate.id))),
        None => {
            check(view, &mandate)?;
            check_room(view)?;
            let body = Body::MandateCreated { mandate, version: 1, proposal_id: None };
            Ok((vec![body.into()], 1))
        }
    }
}

fn check_room(view: &View<'_>) -> Result<(), Refusal<Failure>> {
    if view.counters()?.mandates < limits::MANDATES {
        return Ok(());
    }
    let message = format!("{} mandates are in force already", limits::MANDATES);
    let failure = Failure::refused("MANDATES_FULL", message)
        .hint("Revoke those that are not needed: `paywarden mandates revoke ID`");
    Err(Refusal::No(failure))
}

/// What cannot be known from the mandate alone.
fn check(view: &View<'_>, mandate: &Mandate) -> Result<(), Refusal<Failure>> {
    if let Some(expires) = mandate.expires_at.filter(|at| *at <= view.now()) {
        let message = format!("the mandate has ended already, at {expires}");
        return Err(Refusal::No(Failure::invalid("INVALID_MANDATE", message)));
    }
    let pegs = view.policy()?.map_or_else(Policy::live, |row| row.policy).pegs;
    let mut counted: Vec<_> = mandate
        .caps
        .iter()
        .map(|cap| pegs.get(&cap.cap.currency).copied().unwrap_or(cap.cap.currency))
        .collect();
    counted.sort_unstable();
    if counted.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = "two caps are in currencies that count as one, so their sum would be the cap";
        return Err(Refusal::No(Failure::invalid("INVALID_MANDATE", message)));
    }
    Ok(())
}

fn check_draft(
    view: &View<'_>,
    mandate: &Mandate,
    agent: Option<&str>,
) -> Result<(), Refusal<Failure>> {
    if mandate.agent_id.as_deref() != agent {
        let message = "an agent can only propose a mandate for itself";
        let hint = "Leave agentId out";
        return Err(Refusal::No(Failure::refused("OTHER_AGENT", message).hint(hint)));
    }
    if view.mandate(&mandate.id)?.is_some() {
        return Err(Refusal::No(taken(&mandate.id)));
    }
    check(view, mandate)?;
    let waiting = view.proposals()?;
    let own = waiting.iter().filter(|(_, draft)| draft.agent_id.as_deref() == agent).count();
    let full = waiting.len() >= limits::PROPOSALS_WAITING as usize
        || own >= limits::PROPOSALS_PER_AGENT as usize;
    if full {
        let message = format!("{own} drafts of this agent and {} in all wait", waiting.len());
        let failure = Failure::refused("PROPOSALS_FULL", message)
            .hint("Wait until the owner has answered some")
            .retry(Retry::AfterOperator);
        return Err(Refusal::No(failure));
    }
    Ok(())
}

fn unknown(id: &str) -> Failure {
    // What cannot be an id is not shown back.
    let shown = if is_id(id) { id } else { "" };
    Failure::refused("UNKNOWN_MANDATE", format!("there is no mandate {shown:?}"))
        .hint("`paywarden mandates list` shows what there is")
}

fn is_revoked(id: &str) -> Failure {
    Failure::refused("MANDATE_REVOKED", format!("mandate {id:?} is revoked, for good"))
        .hint("Create a mandate with another id")
}

fn taken(id: &str) -> Failure {
    Failure::refused("MANDATE_EXISTS", format!("there is a mandate {id:?}, or there was"))
        .hint("Choose another id")
}

fn not_waiting(id: ProposalId) -> Failure {
    Failure::refused("PROPOSAL_NOT_WAITING", format!("no proposed mandate {id} waits"))
        .hint("`paywarden mandates list` shows what waits")
}

#[cfg(test)]
mod tests;
