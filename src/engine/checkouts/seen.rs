//! A checkout as it was found, and why it cannot be paid, if it cannot.
//!
//! This module must never call a checkout payable before every rule on merchant, items and sums was looked at.

use super::merchant::Merchant;
use crate::rails::acp::{Asked, HandlerError, Mismatch, Outlook, Session, handler_for};

/// A checkout as it was found.
#[derive(Clone, Debug)]
pub struct Seen {
    /// At whom.
    pub merchant: Merchant,
    /// What it says.
    pub session: Session,
    /// Why it cannot be paid now.
    pub problem: Option<Problem>,
}

/// Why a checkout cannot be paid now.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The owner does not know the merchant.
    #[error("the owner does not know this merchant: its checkouts can be looked at and not paid")]
    UnknownMerchant,
    /// The owner has not said who is paid there.
    #[error("the owner has not named this merchant's Stripe profile")]
    NoProfile,
    /// It was not opened through this wallet.
    #[error("this checkout was not opened through this wallet, so nobody knows what was asked for")]
    NotAsked,
    /// It is not what was asked for.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// It cannot be paid with what there is, or would pay somebody else.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// Its status.
    #[error("its status is {0}")]
    Status(&'static str),
}

impl Seen {
    pub(super) fn new(merchant: Merchant, session: Session, asked: Option<&Asked>) -> Self {
        let problem = problem(&merchant, &session, asked).err();
        Self { merchant, session, problem }
    }

    /// Where a person goes on, if only a person can.
    pub fn continue_url(&self) -> Option<String> {
        let is_human = self.session.status.outlook() == Outlook::Human;
        self.session.continue_url(&self.merchant.host).filter(|_| is_human)
    }
}

fn problem(merchant: &Merchant, session: &Session, asked: Option<&Asked>) -> Result<(), Problem> {
    asked.ok_or(Problem::NotAsked)?.check(session)?;
    let known = merchant.known.as_ref().ok_or(Problem::UnknownMerchant)?;
    known.profile.as_ref().ok_or(Problem::NoProfile)?;
    if session.status.outlook() != Outlook::Payable {
        return Err(Problem::Status(session.status.as_str()));
    }
    handler_for(&session.handlers, &known.id)?;
    Ok(())
}
