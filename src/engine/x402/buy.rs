//! A purchase from the question to its place on the books: ask the seller, find the money, decide and sign.
//!
//! The seller is asked only for what is not known already: a repeat must find its payment, not another price.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Priced, Quote, X402};
use crate::books::{Body, Lane};
use crate::engine::failures::{refused, store_failure};
use crate::engine::{Engine, Offer, Order, Paid, Signing, Source, Wish};
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::money::Raw;
use crate::nano::Account;
use crate::payment::{PublishVia, Purchase, State, Status};
use crate::rails::nano as rail;
use crate::store::Refusal;

impl Engine {
    /// Buys what an HTTP 402 sells. What comes back is durable; it may be denied, waiting or under way.
    ///
    /// # Errors
    /// Before a payment id exists: the seller cannot be asked or wants what is not paid, no funds, a likely duplicate,
    /// too many requests, or the store is out of reach.
    pub async fn buy_x402(self: &Arc<Self>, wish: Wish) -> Result<Paid, Failure> {
        self.require_unlocked()?;
        let missing = || Failure::unavailable("NOT_SET_UP", "this wallet cannot pay sellers");
        let x402 = self.x402().ok_or_else(missing)?;
        if let Some(known) = self.bought_before(&wish)? {
            return Ok(known);
        }
        self.check_unanswered(x402, &wish)?;
        let Purchase::X402(call) = &wish.purchase else {
            return Err(Failure::invalid("INVALID_REQUEST", "this is no purchase by x402"));
        };
        let priced = match x402.quote(call, wish.request.amount).await? {
            Quote::Priced(priced) => *priced,
            Quote::Free(response) => {
                let message =
                    format!("the seller answers {} and asks for no money", response.status);
                return Err(Failure::refused("NOTHING_TO_PAY", message)
                    .hint("Nothing was paid. Fetch it without the wallet"));
            }
        };
        x402.check_funds(&priced, &call.url).await?;
        let (amount, terms) = (priced.amount(), Some(priced.terms()));
        let account = match priced.is_nano() {
            true => Some(self.x402_account().await?),
            false => None,
        };
        if let Some(account) = account {
            self.fund_x402(account, &wish, &priced).await?;
        }
        let source = match x402.signing(priced, &wish.call_id.to_string())? {
            Signing::Proof(make) => Source::Proof(make),
            Signing::Cheque { header, timeout_ms } => {
                let account = account.ok_or_else(missing)?;
                let place = self.place_of(account).await?;
                Source::Lane { account, place, header, timeout_ms }
            }
        };
        self.buy(wish, Offer { amount, terms, cart: None, source }).await
    }

    /// A purchase that was paid a moment ago and brought nothing is more likely tried again than wanted twice: a seller
    /// that settles and fails must not be paid for each try.
    fn check_unanswered(&self, x402: &X402, wish: &Wish) -> Result<(), Failure> {
        if wish.idempotency_key.is_some() {
            return Ok(());
        }
        let now = self.clock().now();
        let read = self.store().read(|view| {
            let mut alike = Vec::new();
            for id in view.lookalikes(&wish.request, Some(&wish.purchase))? {
                alike.extend(view.payment(id)?);
            }
            Ok(alike)
        });
        for payment in read.map_err(|e| store_failure(&e))? {
            let State::Settled { at_ms, .. } = payment.state else { continue };
            if !x402.is_served(payment.id()) && now.since(at_ms) < limits::DUPLICATE_WINDOW {
                let message = format!(
                    "payment {} for the same request is settled, and the seller did not serve it",
                    payment.id()
                );
                return Err(Failure::refused("SUSPECTED_DUPLICATE", message).hint(
                    "Asking again would pay again: if that is meant, give this payment an idempotency key of its own",
                ));
            }
        }
        Ok(())
    }

    /// The account sellers are paid from, put in use when it is first needed. Never the first one: a seller that keeps
    /// a block holds its account.
    async fn x402_account(self: &Arc<Self>) -> Result<Account, Failure> {
        let keystore = Arc::clone(&self.parts.keystore);
        let commit = self.store().commit::<Account, Failure, _>(move |view| {
            let index = limits::X402_ACCOUNT_INDEX;
            if let Some(lane) = view.lanes()?.into_iter().find(|lane| lane.index == index) {
                return Ok((Vec::new(), lane.account));
            }
            let locked = || Failure::unavailable("WALLET_LOCKED", "the wallet is locked");
            let account = keystore.derive(index).ok_or_else(|| Refusal::No(locked()))?;
            Ok((vec![Body::AccountAdded { index, account }.into()], account))
        });
        let account = commit.await.map_err(refused)?.value;
        self.start_lane(account);
        Ok(account)
    }

    /// Moves what is missing to the account sellers are paid from, by a payment like any other: policy decides.
    async fn fund_x402(
        &self,
        account: Account,
        wish: &Wish,
        priced: &Priced,
    ) -> Result<(), Failure> {
        let price = priced.amount().as_raw().unwrap_or(Raw::MAX);
        let lane = self.lane_of(account)?;
        let Some(missing) =
            price.checked_sub(free(lane.as_ref())).filter(|missing| !missing.is_zero())
        else {
            return Ok(());
        };
        if price.get() > limits::X402_FLOAT_RAW {
            let most = Raw::new(limits::X402_FLOAT_RAW).to_xno();
            let message = format!(
                "the seller wants {}; at most {most} XNO is held for sellers at a time",
                priced.amount()
            );
            return Err(Failure::refused("ABOVE_FLOAT", message).hint(
                "Nothing was paid. The owner may send more to the account by hand: its address is in wallet_balance",
            ));
        }
        let least = self.store().read(|view| view.policy()).map_err(|e| store_failure(&e))?;
        let least = least.map_or(0, |row| row.policy.receive_minimum_raw);
        let main = self.lanes_by_index()?.first().map_or(account, |lane| lane.account);
        let order = Order {
            call_id: Uuid::new_v4(),
            operation: "x402.float",
            agent_id: wish.request.agent_id.clone(),
            destination: account,
            label: Some("own account for sellers".to_owned()),
            amount: Raw::new(missing.get().max(least)).into(),
            mandate_id: None,
            memo: None,
            account: main,
            idempotency_key: format!("x402-float-{}", wish.call_id).try_into().ok(),
            publish_via: PublishVia::Node,
            purpose: None,
        };
        let moved = self.pay(order).await?;
        let id = moved.payment.id();
        let never = CancellationToken::new();
        let wait = self.wait_for_payment(id, limits::X402_FUNDING, &never, |_, _| {});
        let moved = wait.await?;
        if moved.payment.state.status() != Status::Settled {
            let message =
                format!("moving money to the account for sellers is not done: payment {id}");
            return Err(Failure::refused("INSUFFICIENT_FUNDS", message)
                .hint("Nothing was paid to the seller. Look with get_payment_status, and ask again once it is settled")
                .retry(Retry::SameKey));
        }
        self.received(account, price).await
    }

    async fn received(&self, account: Account, price: Raw) -> Result<(), Failure> {
        let deadline = self.clock().now().plus(limits::X402_FUNDING);
        let mut changes = self.store().watch();
        self.look_at(account);
        while free(self.lane_of(account)?.as_ref()) < price {
            if self.clock().now() >= deadline {
                let message = "the money for sellers is on its way to their account";
                return Err(Failure::unavailable("FUNDS_ON_THEIR_WAY", message)
                    .hint("Nothing was paid to the seller. Ask again in a moment")
                    .retry(Retry::Safe));
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = self.clock().sleep(LOOK_AGAIN) => self.look_at(account),
            }
        }
        Ok(())
    }

    /// The head to sign on and the work of the next block, if the lane is free.
    async fn place_of(
        &self,
        account: Account,
    ) -> Result<Option<(crate::wallet::Frontier, crate::nano::Work)>, Failure> {
        let lane = self.lane_of(account)?;
        if lane.is_none_or(|lane| lane.open.is_some() || lane.queued > 0) {
            return Ok(None);
        }
        let Ok(frontier) = rail::frontier(self.node(), self.network(), account).await else {
            return Ok(None);
        };
        let work = self.parts.work.obtain(frontier.hash().into()).await;
        Ok(work.ok().map(|work| (frontier, work)))
    }

    fn lane_of(&self, account: Account) -> Result<Option<Lane>, Failure> {
        self.store().read(|view| view.lane(&account)).map_err(|e| store_failure(&e))
    }

    fn lanes_by_index(&self) -> Result<Vec<Lane>, Failure> {
        self.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))
    }
}

fn free(lane: Option<&Lane>) -> Raw {
    let free = lane.and_then(|lane| lane.balance.checked_sub(lane.reserved));
    free.unwrap_or(Raw::ZERO)
}

const LOOK_AGAIN: Duration = Duration::from_millis(100);
