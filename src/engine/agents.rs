//! Which agents may ask: letting them in, and recognising them by their token.
//!
//! A token is 256 bits from the system's generator, so one SHA-256 hides it as well as any stretching would and costs
//! no call its time. A token is given out once, when it is made; it must never be stored, logged or put on the ledger.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::Engine;
use super::approve::lapse;
use super::failures::{refused, store_failure};
use crate::books::{Agent, Body, Payment, View};
use crate::digest::Digest;
use crate::failure::{Failure, Retry};
use crate::ledger::Head;
use crate::limits;
use crate::policy::AgentId;
use crate::secret::Secret;
use crate::store::Refusal;

/// A token on its only way out.
#[derive(Debug)]
pub struct Issued {
    /// What the agent's host is given.
    pub token: Secret,
    /// The chain's head once its hash is on the ledger.
    pub head: Head,
}

impl Engine {
    /// Lets an agent in, or lets one in again that was revoked, with a new token.
    ///
    /// # Errors
    /// `AGENT_EXISTS`, `AGENTS_FULL`, or the store's.
    pub async fn register_agent(
        &self,
        agent_id: AgentId,
        label: Option<String>,
    ) -> Result<Issued, Failure> {
        let (token, token_hash) = new_token()?;
        let body = Body::AgentRegistered { agent_id: agent_id.clone(), label, token_hash };
        let head = self.change_agents(body, move |view| has_room(view, &agent_id)).await?;
        Ok(Issued { token, head })
    }

    /// Gives an agent a new token; the old one is worth nothing from then on.
    ///
    /// # Errors
    /// When there is no such agent or it is revoked, or the store's.
    pub async fn rotate_agent(&self, agent_id: AgentId) -> Result<Issued, Failure> {
        let (token, token_hash) = new_token()?;
        let body = Body::AgentRotated { agent_id: agent_id.clone(), token_hash };
        let head = self.change_agents(body, move |view| live(view, &agent_id)).await?;
        Ok(Issued { token, head })
    }

    /// Calls an agent something else.
    ///
    /// # Errors
    /// As [`Engine::rotate_agent`].
    pub async fn label_agent(
        &self,
        agent_id: AgentId,
        label: Option<String>,
    ) -> Result<Head, Failure> {
        let body = Body::AgentLabelled { agent_id: agent_id.clone(), label };
        self.change_agents(body, move |view| live(view, &agent_id)).await
    }

    /// Shuts an agent out. What waits for the owner on its behalf lapses; what was allowed goes its way, unless the
    /// owner freezes.
    ///
    /// # Errors
    /// As [`Engine::rotate_agent`].
    pub async fn revoke_agent(&self, agent_id: AgentId) -> Result<Head, Failure> {
        let commit = self.store().commit::<(), Failure, _>(move |view| {
            live(view, &agent_id)?;
            let why = "the agent that asked was revoked";
            let mut events = lapse(view, why, |payment| owns(Some(agent_id.as_str()), payment))?;
            events.push(Body::AgentRevoked { agent_id }.into());
            Ok((events, ()))
        });
        Ok(commit.await.map_err(refused)?.head)
    }

    /// Every agent there ever was, by name.
    ///
    /// # Errors
    /// The store's.
    pub fn agents(&self) -> Result<Vec<(String, Agent)>, Failure> {
        self.store().read(|view| view.agents()).map_err(|e| store_failure(&e))
    }

    /// Which agent a token stands for; none while no agent was ever let in. Once one was, nobody asks without a
    /// token that is in force, even after the last one is revoked.
    ///
    /// # Errors
    /// `AGENT_UNKNOWN`, `AGENT_REVOKED`, or the store's.
    pub fn recognise_agent(&self, token: Option<&Secret>) -> Result<Option<String>, Failure> {
        let agents = self.agents()?;
        let Some(token) = token else {
            return if agents.is_empty() { Ok(None) } else { Err(unknown(NO_TOKEN)) };
        };
        let shown = Digest::of(token.expose());
        let mut found = None;
        // Looks at all of them, so that the time it takes says nothing about which one it was.
        for (id, agent) in agents {
            if agent.token_hash.0.ct_eq(&shown.0).into() {
                found = Some((id, agent));
            }
        }
        match found {
            Some((id, agent)) if agent.is_live() => Ok(Some(id)),
            Some((id, _)) => Err(revoked(&id)),
            None => Err(unknown(WRONG_TOKEN)),
        }
    }

    async fn change_agents(
        &self,
        body: Body,
        check: impl FnOnce(&View<'_>) -> Result<(), Refusal<Failure>> + Send + 'static,
    ) -> Result<Head, Failure> {
        let commit = self.store().commit::<(), Failure, _>(move |view| {
            check(view)?;
            Ok((vec![body.into()], ()))
        });
        Ok(commit.await.map_err(refused)?.head)
    }
}

/// Revoked between the question who asks and the transaction that decides.
pub(super) fn check_live(view: &View<'_>, id: Option<&str>) -> Result<(), Refusal<Failure>> {
    let Some(id) = id else { return Ok(()) };
    match view.agent(id)? {
        Some(agent) if !agent.is_live() => Err(Refusal::No(revoked(id))),
        Some(_) | None => Ok(()),
    }
}

/// Whether a payment is this agent's.
pub(super) fn owns(agent: Option<&str>, payment: &Payment) -> bool {
    payment.request.agent_id.as_deref() == agent
}

/// A new agent needs a place; one that was revoked has its own.
fn has_room(view: &View<'_>, id: &AgentId) -> Result<(), Refusal<Failure>> {
    match view.agent(id.as_str())? {
        Some(agent) if agent.is_live() => {
            let message = format!("there is an agent {id} already");
            let hint = "`paywarden agents rotate` gives it a new token";
            return Err(Refusal::No(Failure::refused("AGENT_EXISTS", message).hint(hint)));
        }
        Some(_) => return Ok(()),
        None => {}
    }
    if view.agents()?.len() < limits::AGENTS {
        return Ok(());
    }
    let message = format!("a wallet has at most {} agents, revoked ones too", limits::AGENTS);
    let hint = "Let a revoked one in again under its old id";
    Err(Refusal::No(Failure::refused("AGENTS_FULL", message).hint(hint)))
}

fn live(view: &View<'_>, id: &AgentId) -> Result<(), Refusal<Failure>> {
    match view.agent(id.as_str())? {
        Some(agent) if agent.is_live() => Ok(()),
        Some(_) => {
            let message = format!("agent {id} is revoked");
            let hint = "`paywarden agents register` lets it in again, with a new token";
            Err(Refusal::No(Failure::refused("AGENT_REVOKED", message).hint(hint)))
        }
        None => {
            let message = format!("there is no agent {id}");
            let hint = "`paywarden agents list` names them";
            Err(Refusal::No(Failure::refused("AGENT_UNKNOWN", message).hint(hint)))
        }
    }
}

fn new_token() -> Result<(Secret, Digest), Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        Failure::internal("NO_RANDOMNESS", format!("the system gives no random bytes: {error}"))
    })?;
    let token = Secret::new(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes)));
    let hash = Digest::of(token.expose());
    Ok((token, hash))
}

fn unknown(message: &str) -> Failure {
    Failure::refused("AGENT_UNKNOWN", message)
        .hint("The owner runs `paywarden agents register` or `... rotate` and gives this host the token as PAYWARDEN_AGENT_TOKEN")
        .retry(Retry::AfterOperator)
}

fn revoked(id: &str) -> Failure {
    Failure::refused("AGENT_REVOKED", format!("the owner has revoked agent {id}"))
        .hint("The owner can let it in again with `paywarden agents register`")
        .retry(Retry::AfterOperator)
}

/// So that a scanner for leaked secrets knows one when it sees one.
const TOKEN_PREFIX: &str = "pwa_";
const NO_TOKEN: &str = "this wallet knows its agents by a token, and this host gave none";
const WRONG_TOKEN: &str = "the agent token of this host is none that is in force";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{MemoryRows, apply};
    use crate::clock::Millis;

    #[test]
    fn places_end_at_their_bound_and_revoked_agents_keep_theirs() {
        let id = |number: usize| AgentId::try_from(format!("agent-{number}")).unwrap();
        let mut rows = MemoryRows::default();
        let mut seq = 0;
        let mut book = |rows: &mut MemoryRows, body: Body| {
            seq += 1;
            apply(rows, seq, Millis(seq), &body.into()).unwrap();
        };
        let now = Millis(0);
        for number in 0..limits::AGENTS {
            assert!(has_room(&View::new(&rows, now), &id(number)).is_ok(), "{number}");
            let token_hash = Digest::of(&number.to_be_bytes());
            let registered =
                Body::AgentRegistered { agent_id: id(number), label: None, token_hash };
            book(&mut rows, registered);
        }
        let code = |rows: &MemoryRows, number| match has_room(&View::new(rows, now), &id(number)) {
            Err(Refusal::No(failure)) => failure.code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(&rows, limits::AGENTS), "AGENTS_FULL");
        assert_eq!(code(&rows, 7), "AGENT_EXISTS");
        book(&mut rows, Body::AgentRevoked { agent_id: id(7) });
        assert_eq!(code(&rows, limits::AGENTS), "AGENTS_FULL");
        let view = View::new(&rows, now);
        assert!(has_room(&view, &id(7)).is_ok());
        assert_eq!(view.agents().unwrap().len(), limits::AGENTS);
    }

    #[test]
    fn tokens_are_new_each_time_and_do_not_show() {
        let ((one, hash), (two, other)) = (new_token().unwrap(), new_token().unwrap());
        assert!(!one.is_same_as(&two) && hash != other);
        assert_eq!(Digest::of(one.expose()), hash);
        let issued = Issued { token: one, head: Head::GENESIS };
        assert!(!format!("{issued:?}").contains(TOKEN_PREFIX));
    }
}
