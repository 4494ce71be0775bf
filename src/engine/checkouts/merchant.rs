//! Who stands behind an endpoint an agent names: by the owner's table, or nobody we know.
//!
//! An agent's word or a merchant's own must never make a merchant known.

use super::super::Engine;
use super::super::failures::store_failure;
use super::failure;
use crate::books::{CheckoutPlace, DirectoryEntry, RowsError, View};
use crate::failure::Failure;
use crate::limits;
use crate::nano::Network;
use crate::rails::acp::{Acp, MerchantUrl};
use crate::rails::stripe::Profile;

/// A merchant at its endpoint.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The endpoint, in the form it is compared in.
    pub endpoint: String,
    /// Its host.
    pub host: String,
    /// What the owner knows of it; nothing, for a stranger.
    pub known: Option<KnownMerchant>,
    pub(super) acp: Acp,
}

/// What the owner knows of a merchant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownMerchant {
    /// Its id, as mandates name it.
    pub id: String,
    /// Who is paid; without it nothing can be paid.
    pub profile: Option<Profile>,
}

impl Engine {
    /// The merchant at an endpoint.
    ///
    /// # Errors
    /// When the endpoint is none, or may not be asked.
    pub(super) async fn merchant_at(&self, endpoint: &str) -> Result<Merchant, Failure> {
        let shops = self.services().shops()?;
        if endpoint == BUILT_IN && self.network() == Network::Sandbox {
            let built_in = shops.built_in().await?.ok_or_else(failure::no_built_in)?;
            let known = KnownMerchant { id: built_in.merchant_id, profile: Some(built_in.profile) };
            return Ok(Merchant {
                endpoint: BUILT_IN.to_owned(),
                host: built_in.host,
                known: Some(known),
                acp: built_in.acp,
            });
        }
        let url: MerchantUrl = endpoint.parse().map_err(|error| failure::endpoint(&error))?;
        let read = self.store().read(|view| known_at(view, url.as_str()));
        let found = read.map_err(|error| store_failure(&error))?;
        let (known, acp) = match found {
            Some((id, place)) => {
                let acp = shops.known(&id, &place).await?;
                let profile = place.profile.and_then(|profile| profile.parse().ok());
                (Some(KnownMerchant { id, profile }), acp)
            }
            None => (None, shops.stranger(&url).await?),
        };
        let (endpoint, host) = (url.as_str().to_owned(), url.host().to_owned());
        Ok(Merchant { endpoint, host, known, acp })
    }
}

/// The merchant whose checkouts the owner says are at `endpoint`.
fn known_at(view: &View<'_>, endpoint: &str) -> Result<Option<(String, CheckoutPlace)>, RowsError> {
    let mut after: Option<String> = None;
    loop {
        let page = view.merchants(after.as_deref(), limits::PAGE_MAX as usize)?;
        let is_last = page.len() < limits::PAGE_MAX as usize;
        let Some((last, _)) = page.last() else { return Ok(None) };
        after = Some(last.clone());
        let is_here = |entry: &DirectoryEntry| {
            entry.checkout.as_ref().is_some_and(|place| place.endpoint == endpoint)
        };
        if let Some((id, entry)) = page.into_iter().find(|(_, entry)| is_here(entry)) {
            return Ok(entry.checkout.map(|place| (id, place)));
        }
        if is_last {
            return Ok(None);
        }
    }
}

/// What stands for the sandbox's own merchant, whose port changes.
const BUILT_IN: &str = "sandbox";
