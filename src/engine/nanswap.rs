//! What this wallet keeps of its orders at Nanswap Pay, and what a webhook about one is worth.
//!
//! A webhook is only taken after its signature held, and never for more than the order that was made: each signed text
//! is judged in the transaction that books it.

use std::convert::Infallible;

use super::failures::{refused, unrefused};
use super::{Engine, store_failure};
use crate::books::{Body, NanswapOrder, OrderNoted, WebhookRow, WebhookTaken, WebhookVerdict};
use crate::failure::Failure;
use crate::ledger::Head;
use crate::providers::Opaque;
use crate::providers::nanswap::{Expected, OrderStatus, Suspicion, Webhook};
use crate::store::Refusal;

/// What a webhook was found to be.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What it is worth.
    pub verdict: WebhookVerdict,
    /// What is wrong with it.
    pub detail: Option<String>,
    /// The ledger's head afterwards.
    pub head: Head,
}

impl Engine {
    /// Keeps an order as it was made.
    ///
    /// # Errors
    /// `ORDER_KNOWN` when there is one with this id already; or the store's.
    pub async fn keep_nanswap_order(&self, order: NanswapOrder) -> Result<Head, Failure> {
        let commit = self.store().commit::<(), Failure, _>(move |view| {
            if view.nanswap_order(&order.invoice_id)?.is_some() {
                let message = "Nanswap gave a new order the id of an old one";
                let failure = Failure::unavailable("ORDER_KNOWN", message);
                return Err(Refusal::No(failure.hint("Ask contact@nanswap.com; nothing was kept")));
            }
            Ok((vec![Body::NanswapOrdered(Box::new(order)).into()], ()))
        });
        Ok(commit.await.map_err(refused)?.head)
    }

    /// An order this wallet has made.
    ///
    /// # Errors
    /// The store's.
    pub fn nanswap_order(&self, invoice_id: &Opaque) -> Result<Option<NanswapOrder>, Failure> {
        let read = self.store().read(|view| view.nanswap_order(invoice_id.as_str()));
        read.map_err(|error| store_failure(&error))
    }

    /// Notes what Nanswap says of an order of ours, where it has moved on.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_nanswap_order(
        &self,
        invoice_id: &Opaque,
        status: &OrderStatus,
    ) -> Result<(), Failure> {
        let is_news = |known: &NanswapOrder| {
            let known = OrderStatus::of(&known.status);
            known != *status && known.may_become(status)
        };
        if !self.nanswap_order(invoice_id)?.as_ref().is_some_and(is_news) {
            return Ok(());
        }
        let noted = OrderNoted { invoice_id: invoice_id.to_string(), status: word(status) };
        let status = status.clone();
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let known = view.nanswap_order(&noted.invoice_id)?;
            let is_news = known.is_some_and(|known| {
                let known = OrderStatus::of(&known.status);
                known != status && known.may_become(&status)
            });
            Ok((is_news.then(|| Body::NanswapNoted(noted).into()).into_iter().collect(), ()))
        });
        commit.await.map(drop).map_err(|error| store_failure(&unrefused(error)))
    }

    /// Judges a webhook whose signature held, and books it unless the very same was booked before.
    ///
    /// # Errors
    /// The store's.
    pub async fn take_nanswap_webhook(&self, webhook: Webhook) -> Result<Judgement, Failure> {
        let commit = self.store().commit::<_, Infallible, _>(move |view| {
            let order = view.nanswap_order(webhook.invoice_id.as_str())?;
            let row = view.nanswap_webhook(&webhook.digest)?;
            let (verdict, detail) = judge(order.as_ref(), &row, &webhook);
            let taken = WebhookTaken {
                invoice_id: webhook.invoice_id.to_string(),
                status: word(&webhook.status),
                digest: webhook.digest,
                verdict,
                detail: detail.clone(),
            };
            let is_new = !row.verdicts.contains(&verdict);
            let event = is_new.then(|| Body::NanswapWebhook(Box::new(taken)).into());
            Ok((event.into_iter().collect(), (verdict, detail)))
        });
        let committed = commit.await.map_err(|error| store_failure(&unrefused(error)))?;
        let (verdict, detail) = committed.value;
        Ok(Judgement { verdict, detail, head: committed.head })
    }
}

/// Pure: from what was kept.
fn judge(
    order: Option<&NanswapOrder>,
    row: &WebhookRow,
    webhook: &Webhook,
) -> (WebhookVerdict, Option<String>) {
    let Some(order) = order else {
        let detail = "this wallet has made no such order".to_owned();
        return (WebhookVerdict::UnknownOrder, Some(detail));
    };
    if row.verdicts.contains(&WebhookVerdict::Accepted) {
        return match order.status == word(&webhook.status) {
            true => (WebhookVerdict::Duplicate, Some("told before".to_owned())),
            false => {
                let detail = format!("told before; the order is {} by now", order.status);
                (WebhookVerdict::Replayed, Some(detail))
            }
        };
    }
    let expected = match expected(order) {
        Ok(expected) => expected,
        Err(detail) => return (WebhookVerdict::Differs, Some(detail)),
    };
    match webhook.check(&expected) {
        Ok(()) if order.told.contains(&word(&webhook.status)) => {
            let detail = "another text told of this state before".to_owned();
            (WebhookVerdict::Duplicate, Some(detail))
        }
        Ok(()) => (WebhookVerdict::Accepted, None),
        Err(suspicion) => (verdict_of(&suspicion), Some(suspicion.to_string())),
    }
}

fn verdict_of(suspicion: &Suspicion) -> WebhookVerdict {
    match suspicion {
        Suspicion::Regressing { .. } => WebhookVerdict::Regressing,
        Suspicion::PayoutTampered => WebhookVerdict::PayoutTampered,
        Suspicion::TooLittle { .. } => WebhookVerdict::PaidTooLittle,
        Suspicion::Differs { field: "priceAmount" | "priceCurrency", .. } => {
            WebhookVerdict::WrongPrice
        }
        Suspicion::Differs { .. } => WebhookVerdict::Differs,
    }
}

fn expected(order: &NanswapOrder) -> Result<Expected, String> {
    let id = |text: &Option<String>| {
        text.as_ref().map(|text| text.parse::<Opaque>()).transpose().map_err(|e| e.to_string())
    };
    Ok(Expected {
        invoice_id: order.invoice_id.parse().map_err(|e| format!("the order's id: {e}"))?,
        partner_id: id(&order.partner_id)?,
        price_amount: order.price_amount.parse().map_err(|e| format!("the order's price: {e}"))?,
        price_currency: id(&order.price_currency)?,
        payin_currency: id(&order.payin_currency)?,
        payout_currency: id(&order.payout_currency)?,
        payout_address: id(&order.payout_address)?,
        status: OrderStatus::of(&order.status),
    })
}

/// The word the documents have for a state; another one as it came.
fn word(status: &OrderStatus) -> String {
    match status {
        OrderStatus::Unknown(word) => word.to_string(),
        known => known.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn order(status: &str) -> NanswapOrder {
        NanswapOrder {
            invoice_id: "inv1".to_owned(),
            partner_id: Some("A-1".to_owned()),
            price_amount: "10".to_owned(),
            price_currency: Some("USD".to_owned()),
            payin_currency: Some("XNO".to_owned()),
            payout_currency: None,
            payout_address: None,
            payin_address: None,
            expires_at_ms: None,
            status: status.to_owned(),
            agent_id: None,
            told: Vec::new(),
        }
    }

    fn webhook(status: &str) -> Webhook {
        Webhook {
            invoice_id: "inv1".parse().unwrap(),
            partner_id: Some("A-1".parse().unwrap()),
            status: OrderStatus::of(status),
            expected_amount_from: Some("5".parse().unwrap()),
            amount_from: Some("5".parse().unwrap()),
            payout_amount: None,
            payout_currency: None,
            payin_currency: Some("XNO".parse().unwrap()),
            price_currency: Some("USD".parse().unwrap()),
            price_amount: Some("10.00".parse().unwrap()),
            payout_method: Some("internal".parse().unwrap()),
            payout_hash: None,
            payout_address: None,
            digest: Digest::of(b"one"),
        }
    }

    #[test]
    fn webhooks_are_told_apart() {
        use WebhookVerdict::*;
        let (new, seen) = (WebhookRow::default(), WebhookRow { verdicts: vec![Accepted] });
        let verdict = |order: &NanswapOrder, row: &WebhookRow, webhook: &Webhook| {
            judge(Some(order), row, webhook).0
        };
        let known = order("waiting");
        assert_eq!(verdict(&known, &new, &webhook("processing")), Accepted);
        assert_eq!(judge(None, &new, &webhook("processing")).0, UnknownOrder);
        assert_eq!(verdict(&order("processing"), &seen, &webhook("processing")), Duplicate);
        let told = NanswapOrder { told: vec!["processing".to_owned()], ..order("processing") };
        assert_eq!(verdict(&told, &new, &webhook("processing")), Duplicate);
        assert_eq!(verdict(&order("completed"), &seen, &webhook("processing")), Replayed);
        assert_eq!(verdict(&order("completed"), &new, &webhook("processing")), Regressing);
        let change = |change: fn(&mut Webhook)| {
            let mut changed = webhook("completed");
            change(&mut changed);
            changed
        };
        for (changed, expected) in [
            (change(|_| ()), Accepted),
            (change(|w| w.price_amount = Some("9".parse().unwrap())), WrongPrice),
            (change(|w| w.price_amount = None), WrongPrice),
            (change(|w| w.price_currency = Some("EUR".parse().unwrap())), WrongPrice),
            (change(|w| w.payout_method = Some("dynamic".parse().unwrap())), PayoutTampered),
            (change(|w| w.amount_from = Some("4.9".parse().unwrap())), PaidTooLittle),
            (change(|w| w.partner_id = Some("A-2".parse().unwrap())), Differs),
        ] {
            assert_eq!(verdict(&known, &new, &changed), expected, "{changed:?}");
        }
        let sent_on = NanswapOrder { payout_address: Some("x1".to_owned()), ..order("waiting") };
        let to = |address: Option<&str>| Webhook {
            payout_method: Some("dynamic".parse().unwrap()),
            payout_address: address.map(|text| text.parse().unwrap()),
            ..webhook("completed")
        };
        assert_eq!(verdict(&sent_on, &new, &to(Some("x1"))), Accepted);
        assert_eq!(verdict(&sent_on, &new, &to(Some("x2"))), PayoutTampered);
        assert_eq!(verdict(&sent_on, &new, &to(None)), PayoutTampered);
    }
}
