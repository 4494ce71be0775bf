//! The client of the checkout protocol, of Stripe's tokens and of paid URLs against the sandbox's counterparts, over
//! HTTP on free ports; and everything both sides say against the published JSON Schemas.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod acp;
mod hostile;
mod schemas;
mod stripe;

use std::sync::Arc;

use paywarden::clock::{Clock, SystemClock};
use paywarden::fetch::{BaseUrl, Client, PlainText, Settings};
use paywarden::rails::acp::{Acp, Asked, AskedItem, Call, Door, Version};
use paywarden::rails::stripe::Stripe;
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::sandbox::{acp as sandbox_acp, stripe as sandbox_stripe};
use paywarden::secret::Secret;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A merchant and its Stripe, and our clients of both.
struct World {
    merchant: AcpMerchant,
    bank: sandbox_stripe::Stripe,
    url: String,
    bank_url: String,
    stripe: Stripe,
    _stop: DropGuard,
}

impl World {
    async fn new() -> Self {
        let stop = CancellationToken::new();
        let bank = sandbox_stripe::Stripe::new(clock());
        let merchant = AcpMerchant::new(clock(), bank.clone());
        let (listener, url) = bound().await;
        tokio::spawn(sandbox_acp::serve(merchant.clone(), listener, stop.clone()));
        let (listener, bank_url) = bound().await;
        tokio::spawn(sandbox_stripe::serve(bank.clone(), listener, stop.clone()));
        let key = Secret::new(sandbox_stripe::Stripe::KEY.to_owned());
        let stripe = Stripe::new(Client::new(Settings::default()), base(&bank_url), Some(key));
        Self { merchant, bank, url, bank_url, stripe, _stop: stop.drop_guard() }
    }

    fn acp(&self, version: Option<Version>) -> Acp {
        self.acp_with(version, Some(AcpMerchant::TOKEN))
    }

    fn acp_with(&self, version: Option<Version>, token: Option<&str>) -> Acp {
        let bearer = token.map(|token| Secret::new(token.to_owned()));
        let client = Client::new(Settings::default());
        Acp::new(Door::Known { client, base: base(&self.url), bearer }, version)
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

async fn bound() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn base(url: &str) -> BaseUrl {
    BaseUrl::parse(url, PlainText::Loopback).unwrap()
}

fn asked(items: &[(&str, u32)]) -> Asked {
    let item = |(id, quantity): &(&str, u32)| AskedItem {
        id: (*id).to_owned(),
        quantity: *quantity,
        unit_amount: None,
    };
    Asked::new("USD".parse().unwrap(), items.iter().map(item).collect()).unwrap()
}

fn call(key: &str) -> Call<'_> {
    Call { idempotency_key: key, request_id: key }
}
