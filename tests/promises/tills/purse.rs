//! What a wallet buys with: clients of a merchant and of Stripe over the wires, and a card.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use paywarden::books::CheckoutPlace;
use paywarden::engine::{BuiltIn, Services, Shops, not_set_up};
use paywarden::failure::Failure;
use paywarden::fetch::{BaseUrl, Client, PlainText};
use paywarden::rails::acp::{Acp, Door, MerchantUrl};
use paywarden::rails::stripe::{PaymentMethod, Profile, Stripe, TokenId};
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::sandbox::mpp::MppSeller;
use paywarden::sandbox::stripe::Stripe as SimulatedStripe;
use paywarden::secret::Secret;

use super::street::Wires;

/// The tokens that were issued, by their keys: on the disk beside the wallet, which a crash leaves alone.
pub(super) type Issued = Arc<Mutex<HashMap<String, TokenId>>>;

/// A merchant, a seller, and a card at Stripe, over the wires.
#[derive(Debug)]
pub(super) struct Purse {
    pub(super) wires: Wires,
    pub(super) issued: Issued,
}

#[async_trait]
impl Shops for Purse {
    async fn known(&self, _: &str, _: &CheckoutPlace) -> Result<Acp, Failure> {
        Err(not_set_up("other merchants"))
    }

    async fn stranger(&self, _: &MerchantUrl) -> Result<Acp, Failure> {
        Err(not_set_up("other merchants"))
    }

    async fn built_in(&self) -> Result<Option<BuiltIn>, Failure> {
        Ok(Some(BuiltIn {
            merchant_id: AcpMerchant::ID.to_owned(),
            profile: AcpMerchant::PROFILE.parse().unwrap(),
            acp: merchant(&self.wires.client, base_of(self.wires.shop.url())),
            host: "127.0.0.1".to_owned(),
        }))
    }

    async fn built_in_seller(&self) -> Result<Option<(String, Profile)>, Failure> {
        Ok(Some((self.wires.shop.url().to_owned(), MppSeller::PROFILE.parse().unwrap())))
    }

    async fn stripe(&self) -> Result<Stripe, Failure> {
        Ok(stripe(&self.wires))
    }

    fn play_card(&self) -> Option<PaymentMethod> {
        self.method().ok().flatten()
    }

    fn keep_token(&self, _: &str, _: &str, _: Secret) -> Result<(), Failure> {
        Ok(())
    }

    fn forget_token(&self, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn keep_issued(
        &self,
        key: &str,
        token: &TokenId,
        is_needed: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let mut issued = self.issued.lock().unwrap();
        issued.retain(|key, _| is_needed(key));
        issued.insert(key.to_owned(), token.clone());
        Ok(())
    }

    fn issued(&self, key: &str) -> Result<Option<TokenId>, Failure> {
        Ok(self.issued.lock().unwrap().get(key).cloned())
    }

    fn keep_method(&self, _: Option<&PaymentMethod>) -> Result<(), Failure> {
        Ok(())
    }

    fn method(&self) -> Result<Option<PaymentMethod>, Failure> {
        Ok(Some(card()))
    }
}

impl Services for Purse {
    fn shops(&self) -> Result<&dyn Shops, Failure> {
        Ok(self)
    }
}

pub(super) fn merchant(client: &Client, base: BaseUrl) -> Acp {
    let bearer = Some(Secret::new(AcpMerchant::TOKEN.to_owned()));
    Acp::new(Door::Known { client: client.clone(), base, bearer }, None)
}

pub(super) fn stripe(wires: &Wires) -> Stripe {
    let key = Secret::new(SimulatedStripe::KEY.to_owned());
    Stripe::new(wires.client.clone(), base_of(wires.bank.url()), Some(key))
}

pub(super) fn card() -> PaymentMethod {
    SimulatedStripe::PAYMENT_METHOD.parse().unwrap()
}

pub(super) fn base_of(url: &str) -> BaseUrl {
    BaseUrl::parse(url, PlainText::Loopback).unwrap()
}
