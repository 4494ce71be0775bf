//! Checkouts at merchants: opened, changed, looked at, given up; and paid, in `pay` and `till` alone.
//!
//! What was asked for is put on the ledger, so that a cart can be compared with it later. A session must never be
//! called payable here that differs from what was asked, or whose merchant the owner does not know; nor may an agent
//! see or change one that another agent has opened.

mod failure;
mod merchant;
mod order;
mod pay;
mod seen;
mod till;

pub use failure::acp_failure;
pub use merchant::Merchant;
pub use pay::CheckoutPayment;
pub use seen::{Problem, Seen};
pub(super) use till::CheckoutTill;

use uuid::Uuid;

use super::Engine;
use super::failures::{refused, store_failure};
use super::floor::Floor;
use crate::books::{Body, CheckoutAsked, CheckoutItem};
use crate::failure::Failure;
use crate::rails::acp::{Acp, Asked, AskedItem, Call, Session, SessionId};
use crate::store::Refusal;

/// A checkout an agent opens or changes.
#[derive(Clone, Debug)]
pub struct CheckoutOrder {
    /// The merchant's endpoint, as the agent named it.
    pub endpoint: String,
    /// Which things.
    pub items: Vec<AskedItem>,
    /// Who asks.
    pub agent_id: Option<String>,
    /// The call, whose repetition is the same request to the merchant.
    pub call_id: Uuid,
}

impl Engine {
    /// Opens a checkout.
    ///
    /// # Errors
    /// When the list or the endpoint cannot be used, or the merchant refuses.
    pub async fn open_checkout(
        &self,
        order: CheckoutOrder,
        currency: &str,
        buyer_email: Option<&str>,
    ) -> Result<Seen, Failure> {
        let currency = failure::currency(currency)?;
        let asked = Asked::new(currency, order.items).map_err(|e| failure::asked(&e))?;
        let merchant = self.floor().merchant_at(&order.endpoint).await?;
        let key = order.call_id.to_string();
        let session = merchant.acp.create(&asked, buyer_email, call(&key)).await;
        let session = session.map_err(|error| acp_failure(&error))?;
        self.note_asked(&merchant, &session, asked, order.agent_id).await
    }

    /// Changes what a checkout holds, to exactly these things. Prices that were known before must stay.
    ///
    /// # Errors
    /// As [`Self::open_checkout`].
    pub async fn change_checkout(
        &self,
        order: CheckoutOrder,
        session_id: &str,
    ) -> Result<Seen, Failure> {
        let agent = order.agent_id.as_deref();
        let (merchant, id) = self.checkout_at(&order.endpoint, session_id, agent).await?;
        let key = order.call_id.to_string();
        let before = self.floor().asked_before(&merchant, &id)?;
        let currency = match &before {
            Some(before) => before.currency,
            None => look(&merchant.acp, &id, &key).await?.currency,
        };
        let asked = Asked::new(currency, order.items).map_err(|e| failure::asked(&e))?;
        let asked = match &before {
            Some(before) => asked.keeping_prices_of(before),
            None => asked,
        };
        let session = merchant.acp.update(&id, &asked, call(&key)).await;
        let session = session.map_err(|error| acp_failure(&error))?;
        self.note_asked(&merchant, &session, asked, order.agent_id).await
    }

    /// Looks at a checkout.
    ///
    /// # Errors
    /// When the endpoint cannot be used, another agent has opened the checkout, or the merchant refuses.
    pub async fn look_at_checkout(
        &self,
        endpoint: &str,
        session_id: &str,
        agent: Option<&str>,
        call_id: Uuid,
    ) -> Result<Seen, Failure> {
        let (merchant, id) = self.checkout_at(endpoint, session_id, agent).await?;
        self.floor().look(merchant, &id, &call_id.to_string()).await
    }

    /// Gives a checkout up.
    ///
    /// # Errors
    /// As [`Self::look_at_checkout`]; also when it is completed or canceled already.
    pub async fn cancel_checkout(
        &self,
        endpoint: &str,
        session_id: &str,
        agent: Option<&str>,
        call_id: Uuid,
    ) -> Result<Seen, Failure> {
        let (merchant, id) = self.checkout_at(endpoint, session_id, agent).await?;
        let key = call_id.to_string();
        let session = merchant.acp.cancel(&id, call(&key)).await;
        let session = session.map_err(|error| acp_failure(&error))?;
        let asked = self.floor().asked_before(&merchant, &id)?;
        Ok(Seen::new(merchant, session, asked.as_ref()))
    }

    /// The merchant and the session, if this agent may have to do with it.
    async fn checkout_at(
        &self,
        endpoint: &str,
        session_id: &str,
        agent: Option<&str>,
    ) -> Result<(Merchant, SessionId), Failure> {
        let id = failure::session_id(session_id)?;
        let merchant = self.floor().merchant_at(endpoint).await?;
        match self.floor().asked_row(&merchant.endpoint, &id)? {
            Some(asked) if !is_open_to(agent, &asked) => Err(failure::unknown_checkout()),
            Some(_) | None => Ok((merchant, id)),
        }
    }

    async fn note_asked(
        &self,
        merchant: &Merchant,
        session: &Session,
        asked: Asked,
        agent_id: Option<String>,
    ) -> Result<Seen, Failure> {
        let asked = asked.priced_by(session);
        let mut booked = CheckoutAsked {
            endpoint: merchant.endpoint.clone(),
            session_id: session.id.to_string(),
            agent_id,
            currency: asked.currency,
            items: asked.items.iter().cloned().map(booked_item).collect(),
        };
        let commit = self.store().commit::<(), Failure, _>(move |view| {
            // A merchant may give one session to two agents: it stays the first one's.
            if let Some(before) = view.checkout(&booked.endpoint, &booked.session_id)? {
                if !is_open_to(booked.agent_id.as_deref(), &before) {
                    return Err(Refusal::No(failure::unknown_checkout()));
                }
                booked.agent_id = before.agent_id;
            }
            Ok((vec![Body::CheckoutAsked(booked).into()], ()))
        });
        commit.await.map_err(refused)?;
        Ok(Seen::new(merchant.clone(), session.clone(), Some(&asked)))
    }
}

impl Floor {
    /// A session as it is now, held against what was asked for.
    ///
    /// # Errors
    /// The merchant's and the store's.
    async fn look(
        &self,
        merchant: Merchant,
        id: &SessionId,
        request_id: &str,
    ) -> Result<Seen, Failure> {
        let session = look(&merchant.acp, id, request_id).await?;
        let asked = self.asked_before(&merchant, id)?;
        Ok(Seen::new(merchant, session, asked.as_ref()))
    }

    /// What was asked for in a session, if it was asked through this wallet.
    fn asked_before(&self, merchant: &Merchant, id: &SessionId) -> Result<Option<Asked>, Failure> {
        let found = self.asked_row(&merchant.endpoint, id)?;
        Ok(found.map(|found| Asked {
            currency: found.currency,
            items: found.items.into_iter().map(asked_item).collect(),
        }))
    }

    fn asked_row(&self, endpoint: &str, id: &SessionId) -> Result<Option<CheckoutAsked>, Failure> {
        let read = self.store.read(|view| view.checkout(endpoint, id.as_str()));
        read.map_err(|error| store_failure(&error))
    }
}

/// Whether an agent may have to do with a session: it has opened it, or no agent is known to have. `None` is the owner,
/// and every caller as long as no agent was let in.
fn is_open_to(agent: Option<&str>, asked: &CheckoutAsked) -> bool {
    agent.is_none() || asked.agent_id.is_none() || agent == asked.agent_id.as_deref()
}

async fn look(acp: &Acp, id: &SessionId, request_id: &str) -> Result<Session, Failure> {
    acp.get(id, request_id).await.map_err(|error| acp_failure(&error))
}

fn call(key: &str) -> Call<'_> {
    Call { idempotency_key: key, request_id: key }
}

fn asked_item(item: CheckoutItem) -> AskedItem {
    let CheckoutItem { id, quantity, unit_amount } = item;
    AskedItem { id, quantity, unit_amount }
}

fn booked_item(item: AskedItem) -> CheckoutItem {
    let AskedItem { id, quantity, unit_amount } = item;
    CheckoutItem { id, quantity, unit_amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_open_to_the_agent_that_opened_it_and_to_the_owner() {
        let opened_by = |agent: Option<&str>| CheckoutAsked {
            endpoint: "sandbox".to_owned(),
            session_id: "cs_1".to_owned(),
            agent_id: agent.map(str::to_owned),
            currency: "USD".parse().unwrap(),
            items: Vec::new(),
        };
        let (alices, nobodys) = (opened_by(Some("alice")), opened_by(None));
        assert!(is_open_to(Some("alice"), &alices) && !is_open_to(Some("bob"), &alices));
        assert!(!is_open_to(Some("alic"), &alices) && !is_open_to(Some(""), &alices));
        assert!(is_open_to(None, &alices) && is_open_to(None, &nobodys));
        assert!(is_open_to(Some("bob"), &nobodys), "opened before agents were let in");
    }
}
