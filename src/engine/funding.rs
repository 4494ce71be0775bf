//! The owner's card: a payment method at Stripe that payment tokens are made of.
//!
//! Its id must never be on the ledger or in an answer; the ledger has its hash, so that another one in its place is
//! seen and not used.

use std::convert::Infallible;

use super::Engine;
use super::failures::{store_failure, unrefused};
use super::floor::Floor;
use crate::books::{Body, Funding, FundingRegistered};
use crate::digest::Digest;
use crate::failure::{Failure, Retry};
use crate::ledger::Head;
use crate::nano::Network;
use crate::rails::stripe::PaymentMethod;

/// What the owner says of a card beside its id.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CardWords {
    /// Its brand.
    pub brand: Option<String>,
    /// Its last four digits.
    pub last4: Option<String>,
    /// What it is called.
    pub label: Option<String>,
}

impl Engine {
    /// Registers the card payments are made with, in the place of any other.
    ///
    /// # Errors
    /// When its id cannot be kept; and the store's.
    pub async fn set_funding(
        &self,
        method: &PaymentMethod,
        words: CardWords,
    ) -> Result<Head, Failure> {
        let CardWords { brand, last4, label } = words;
        let source = FundingRegistered { method_hash: hash(method), brand, last4, label };
        // A card that is kept and not on the ledger is not used; the other way round nothing could be paid.
        self.services().shops()?.keep_method(Some(method))?;
        self.book(Body::FundingRegistered(source)).await
    }

    /// Forgets the card.
    ///
    /// # Errors
    /// When there is none; and the store's.
    pub async fn clear_funding(&self) -> Result<Head, Failure> {
        if self.funding()?.is_none() {
            return Err(Failure::refused(NO_FUNDING, "no card is registered"));
        }
        let head = self.book(Body::FundingCleared {}).await?;
        self.services().shops()?.keep_method(None)?;
        Ok(head)
    }

    /// The card, without its id.
    ///
    /// # Errors
    /// The store's.
    pub fn funding(&self) -> Result<Option<Funding>, Failure> {
        self.store().read(|view| view.funding()).map_err(|error| store_failure(&error))
    }

    async fn book(&self, body: Body) -> Result<Head, Failure> {
        let commit = self.store().commit::<(), Infallible, _>(move |_| Ok((vec![body.into()], ())));
        let done = commit.await.map_err(unrefused).map_err(|error| store_failure(&error))?;
        Ok(done.head)
    }
}

impl Floor {
    /// The card's id, for making a token of it. A sandbox wallet without one pays with play money.
    ///
    /// # Errors
    /// `NO_FUNDING`, or `FUNDING_CHANGED` when it is not the one that was registered.
    pub(super) fn payment_method(&self) -> Result<PaymentMethod, Failure> {
        let read = self.store.read(|view| view.funding());
        let registered = read.map_err(|error| store_failure(&error))?;
        let shops = self.services.shops()?;
        let kept = shops.method()?;
        let play_card = shops.play_card().filter(|_| self.network == Network::Sandbox);
        if let (None, Some(card)) = (&registered, play_card) {
            return Ok(card);
        }
        let (Some(registered), Some(kept)) = (registered, kept) else {
            return Err(Failure::refused(NO_FUNDING, "no card is registered")
                .retry(Retry::AfterOperator)
                .hint("The owner registers one with `paywarden funding set`"));
        };
        if registered.source.method_hash == hash(&kept) {
            return Ok(kept);
        }
        Err(Failure::refused(CHANGED, "the card that is kept is not the one on the ledger")
            .retry(Retry::AfterOperator)
            .hint("The owner registers it again with `paywarden funding set`"))
    }
}

impl Floor {
    /// Whether the owner has taken the card away, or put another one in its place: what was made of it is not used.
    pub(super) fn is_card_gone(&self) -> bool {
        let gone = |failure: &Failure| [NO_FUNDING, CHANGED].contains(&failure.code.as_ref());
        self.payment_method().is_err_and(|failure| gone(&failure))
    }
}

fn hash(method: &PaymentMethod) -> Digest {
    Digest::of(method.secret().expose())
}

const NO_FUNDING: &str = "NO_FUNDING";
const CHANGED: &str = "FUNDING_CHANGED";
