//! Looking for payments where no message told of them: what waits for an account, and what its chain has received.
//!
//! A list only says where to look. How far a chain was looked through may only grow, and never past what is confirmed.

use std::convert::Infallible;

use super::super::Engine;
use super::super::failures::unrefused;
use super::memory::Place;
use super::observe::LookError;
use crate::books::{Body, RequestScan};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, Subtype};
use crate::network::{HistoryBlock, NodeError};
use crate::store::StoreError;

impl Engine {
    /// What waits for these accounts, with one request.
    pub(super) async fn look_at_waiting(&self, accounts: &[Account]) -> Result<(), LookError> {
        let least = self.least_of_interest(accounts)?;
        let page = limits::RECEIVABLE_PAGE;
        let waiting = self.node().accounts_receivable(accounts, least, page).await?;
        for (account, sends) in waiting {
            for send in sends {
                if self.is_of_interest(&account, send.amount)? && self.is_unjudged(&send.hash)? {
                    self.observe_send(account, send.hash).await?;
                    self.observe_heard().await?;
                }
            }
        }
        Ok(())
    }

    /// What waits for one account and what it has received since the last look.
    pub(super) async fn look_at_account(&self, account: Account) -> Result<(), LookError> {
        let Some(place) = self.requests.place(&account) else { return Ok(()) };
        let began = self.clock().now();
        let least = self.least_of_interest(&[account])?;
        let waiting = self.node().receivable(account, least, limits::RECEIVABLE_PAGE).await?;
        for send in waiting {
            if self.is_of_interest(&account, send.amount)? && self.is_unjudged(&send.hash)? {
                self.observe_send(account, send.hash).await?;
            }
        }
        let reached = self.look_through_chain(account, place).await?;
        self.requests.reached(account, reached);
        if reached.under_way.is_some() {
            self.requests.put_back(account);
            return Ok(());
        }
        self.requests.looked(account, began);
        self.note_height(account, reached.height).await?;
        Ok(())
    }

    /// From the head of the chain down to where the last look came to its end, some pages at a time.
    async fn look_through_chain(&self, account: Account, place: Place) -> Result<Place, LookError> {
        let mut next = place.under_way.map(|(next, _)| next);
        let mut top = place.under_way.map(|(_, top)| top);
        for _ in 0..limits::REQUEST_HISTORY_PAGES {
            let page = limits::REQUEST_HISTORY_PAGE;
            let page = self.node().account_history(account, next, page).await?;
            for block in &page.blocks {
                if block.height <= place.height {
                    return Ok(Place { height: top.unwrap_or(place.height), under_way: None });
                }
                if block.confirmed {
                    top.get_or_insert(block.height);
                }
                if !self.look_at_received(account, block).await? {
                    // The next look has to come down to here again.
                    top = Some(block.height.saturating_sub(1));
                }
            }
            next = page.previous;
            if next.is_none() {
                return Ok(Place { height: top.unwrap_or(place.height), under_way: None });
            }
        }
        let under_way = next.map(|next| (next, top.unwrap_or(place.height)));
        Ok(Place { under_way, ..place })
    }

    /// `false` when the send behind a receive is not judged yet.
    async fn look_at_received(
        &self,
        account: Account,
        block: &HistoryBlock,
    ) -> Result<bool, LookError> {
        let received = matches!(block.subtype, Subtype::Receive | Subtype::Open);
        if !received || !self.is_of_interest(&account, block.amount)? {
            return Ok(true);
        }
        match self.node().block_info(block.hash).await {
            Ok(Some(info)) => self.observe_send(account, info.contents.block.link.as_hash()).await,
            Err(error @ NodeError::Unreachable { .. }) => Err(error.into()),
            Ok(None) | Err(_) => Ok(false),
        }
    }

    /// Puts on the ledger how far the look came, now and then, so that the chain is not flooded.
    async fn note_height(&self, account: Account, height: u64) -> Result<(), StoreError> {
        let lags = move |noted: u64| height.saturating_sub(noted) >= limits::REQUEST_SCAN_LAG;
        let watch = self.store().read(|view| view.watch(&account))?;
        if !watch.is_some_and(|watch| lags(watch.height)) {
            return Ok(());
        }
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let watch = view.watch(&account)?.filter(|watch| lags(watch.height));
            let event = watch.map(|_| Body::RequestScanned(RequestScan { account, height }).into());
            Ok((event.into_iter().collect(), ()))
        });
        commit.await.map(drop).map_err(unrefused)
    }

    /// Dust is left aside, so that a list of it hides no payment.
    fn least_of_interest(&self, accounts: &[Account]) -> Result<Raw, StoreError> {
        let least = self.store().read(|view| {
            let mut least = Raw::MAX;
            for account in accounts {
                least = least.min(view.least_asked(account)?.unwrap_or(Raw::MAX));
            }
            Ok(least)
        })?;
        Ok(Raw::new((least.get() / limits::REQUEST_DUST).max(1)))
    }

    fn is_of_interest(&self, account: &Account, amount: Raw) -> Result<bool, StoreError> {
        self.store().read(|view| view.is_amount_of_interest(account, amount))
    }
}
