//! An authorisation to move tokens that may be signed: like a send, it needs a grant.

use crate::evm::{Authorization, TokenDomain};
use crate::money::{Currency, Money};

/// An EIP-3009 authorisation, unsigned. The token comes from the table the owner trusts, never from a seller.
#[derive(Debug)]
pub struct EvmSpend {
    pub(super) authorization: Authorization,
    pub(super) domain: TokenDomain,
    pub(super) currency: Currency,
    pub(super) is_test: bool,
    pub(super) payee: String,
}

impl EvmSpend {
    /// An authorisation for a token that is counted as `currency`, on a test network or not. `payee` is whom the grant
    /// names: what is bought, whose seller asked for the authorisation's `to`.
    pub fn new(
        authorization: Authorization,
        domain: TokenDomain,
        currency: Currency,
        is_test: bool,
        payee: String,
    ) -> Self {
        Self { authorization, domain, currency, is_test, payee }
    }

    pub(super) fn amount(&self) -> Money {
        Money { amount: self.authorization.value, currency: self.currency }
    }
}
