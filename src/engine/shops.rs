//! Merchants, Stripe and the owner's card, as the engine asks for them.
//!
//! Whoever implements this must send a token to no other place than the one it was kept for, and show neither a token
//! nor a payment method.

use std::fmt;

use async_trait::async_trait;

use crate::books::CheckoutPlace;
use crate::failure::Failure;
use crate::rails::acp::{Acp, MerchantUrl};
use crate::rails::stripe::{PaymentMethod, Profile, Stripe, TokenId};
use crate::secret::Secret;

/// Where clients of merchants and of Stripe come from, and where what is secret of them is kept.
#[async_trait]
pub trait Shops: fmt::Debug + Send + Sync {
    /// The merchant at a place the owner named, with the token that was kept for it.
    ///
    /// # Errors
    /// When the place cannot be used, or what is kept cannot be read.
    async fn known(&self, merchant_id: &str, place: &CheckoutPlace) -> Result<Acp, Failure>;

    /// The merchant at a place an agent named: guarded, without a token.
    ///
    /// # Errors
    /// When the place may not be asked.
    async fn stranger(&self, endpoint: &MerchantUrl) -> Result<Acp, Failure>;

    /// The merchant that comes with a sandbox.
    ///
    /// # Errors
    /// When it cannot be started.
    async fn built_in(&self) -> Result<Option<BuiltIn>, Failure>;

    /// The seller that comes with a sandbox: where it is, and who is paid.
    ///
    /// # Errors
    /// When it cannot be started.
    async fn built_in_seller(&self) -> Result<Option<(String, Profile)>, Failure> {
        Ok(None)
    }

    /// Stripe, with the owner's key.
    ///
    /// # Errors
    /// When it is not set up.
    async fn stripe(&self) -> Result<Stripe, Failure>;

    /// The card that the simulated Stripe of a sandbox takes; none where the owner has set another Stripe.
    fn play_card(&self) -> Option<PaymentMethod> {
        None
    }

    /// Keeps the token of a merchant for its checkouts at `endpoint`, and for no other place.
    ///
    /// # Errors
    /// When it cannot be written.
    fn keep_token(&self, merchant_id: &str, endpoint: &str, token: Secret) -> Result<(), Failure>;

    /// Forgets the token of a merchant.
    ///
    /// # Errors
    /// When it cannot be written.
    fn forget_token(&self, merchant_id: &str) -> Result<(), Failure>;

    /// Keeps the id of the token that was issued under `key`, and of those before it only what `is_needed` still.
    ///
    /// # Errors
    /// When it cannot be written.
    fn keep_issued(
        &self,
        key: &str,
        token: &TokenId,
        is_needed: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure>;

    /// The token that was issued under `key`, if its id was kept.
    ///
    /// # Errors
    /// When it cannot be read.
    fn issued(&self, key: &str) -> Result<Option<TokenId>, Failure>;

    /// Keeps the owner's payment method, or forgets it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn keep_method(&self, method: Option<&PaymentMethod>) -> Result<(), Failure>;

    /// The owner's payment method.
    ///
    /// # Errors
    /// When it cannot be read.
    fn method(&self) -> Result<Option<PaymentMethod>, Failure>;
}

/// The merchant that comes with a sandbox, and a card of play money.
#[derive(Clone, Debug)]
pub struct BuiltIn {
    /// Its id.
    pub merchant_id: String,
    /// Who is paid.
    pub profile: Profile,
    /// How it is reached.
    pub acp: Acp,
    /// Its host.
    pub host: String,
}
