//! Paying a checkout: the merchant is asked, its cart held against what was asked for, and its total judged.
//!
//! It must never judge the agent's words for the merchant's: amount, cart and who is paid come from the merchant's
//! answer and the owner's table.

use uuid::Uuid;

use super::super::remote::{Offer, Source, Wish};
use super::super::{Engine, Paid, store_failure};
use super::{failure, till};
use crate::books::CheckoutAsked;
use crate::digest::Digest;
use crate::failure::{Failure, Retry};
use crate::ids::PaymentId;
use crate::money::Money;
use crate::payment::{Checkout, IdempotencyKey, Purchase, Purpose};
use crate::policy::{Claims, Payee, Rail, Request};

/// A checkout an agent wants paid.
#[derive(Clone, Debug)]
pub struct CheckoutPayment {
    /// The call.
    pub call_id: Uuid,
    /// Canonical name of the operation.
    pub operation: &'static str,
    /// Who asks.
    pub agent_id: Option<String>,
    /// The merchant's endpoint, as the agent named it.
    pub endpoint: String,
    /// Who the agent takes the merchant for.
    pub merchant_id: String,
    /// What the agent calls it.
    pub merchant_name: Option<String>,
    /// Which checkout.
    pub session_id: String,
    /// The most it may cost.
    pub most: Money,
    /// The mandate to pay under.
    pub mandate_id: Option<String>,
    /// A note.
    pub memo: Option<String>,
    /// One key per intended payment.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Engine {
    /// Asks for the payment of a checkout. What comes back is durable; it may be denied, waiting or under way.
    ///
    /// # Errors
    /// Before a payment id exists: the merchant is not known or another one, the cart is not what was asked for, there
    /// is no card, or what every purchase may meet.
    pub async fn pay_checkout(&self, wanted: CheckoutPayment) -> Result<Paid, Failure> {
        self.require_unlocked()?;
        let floor = self.floor();
        let id = failure::session_id(&wanted.session_id)?;
        let merchant = floor.merchant_at(&wanted.endpoint).await?;
        let known = merchant.known.clone().ok_or_else(failure::unknown_merchant)?;
        if known.id != wanted.merchant_id {
            return Err(failure::other_merchant(&wanted.merchant_id, &known.id));
        }
        let request_id = wanted.call_id.to_string();
        let Some(asked) = floor.asked_row(&merchant.endpoint, &id)? else {
            let seen = floor.look(merchant, &id, &request_id).await?;
            return Err(failure::unpayable(&seen, &super::Problem::NotAsked));
        };
        if !super::is_open_to(wanted.agent_id.as_deref(), &asked) {
            return Err(failure::unknown_checkout());
        }
        let wish = wish(wanted, &merchant.endpoint, &asked);
        // A repeat finds its payment before anybody is asked: the session may be completed by now.
        if let Some(paid) = self.bought_before(&wish)? {
            return Ok(paid);
        }
        if let Some(paid) = self.paid_session(&wish)? {
            return Ok(paid);
        }
        floor.check_card().await?;
        let seen = floor.look(merchant, &id, &request_id).await?;
        if let Some(problem) = &seen.problem {
            return Err(failure::unpayable(&seen, problem));
        }
        let offered = till::wanted(&seen);
        let (amount, terms, cart) =
            offered.map_err(|problem| failure::unpayable(&seen, &problem))?;
        let source = Source::Proof(till::make_proof());
        self.buy(wish, Offer { amount, terms: Some(terms), cart: Some(cart), source }).await
    }

    /// The payment the same agent has made or is making for this session: there is one only.
    fn paid_session(&self, wish: &Wish) -> Result<Option<Paid>, Failure> {
        let Some(purpose) = &wish.purpose else { return Ok(None) };
        let read = self.store().read(|view| view.live_payment_of(&purpose.subject));
        match read.map_err(|error| store_failure(&error))? {
            None => Ok(None),
            Some(payment) if payment.request.agent_id == wish.request.agent_id => {
                self.paid(payment.id()).map(Some)
            }
            Some(_) => {
                let message = "another agent of this wallet pays or has paid this checkout";
                Err(Failure::refused("ALREADY_PAID", message)
                    .retry(Retry::AfterChange)
                    .hint("It is paid once only"))
            }
        }
    }
}

fn wish(wanted: CheckoutPayment, endpoint: &str, asked: &CheckoutAsked) -> Wish {
    let subject = format!("checkout:{}/{}", wanted.merchant_id, wanted.session_id);
    let purchase = Purchase::Checkout(Checkout {
        merchant_id: wanted.merchant_id,
        session_id: wanted.session_id,
        asked_digest: Digest::of_json(asked).expect("text and integers have a canonical form"),
    });
    let payee = Payee { address: endpoint.to_owned(), label: wanted.merchant_name };
    Wish {
        call_id: wanted.call_id,
        operation: wanted.operation,
        request: Request {
            // Given when the payment gets its place on the books.
            payment_id: PaymentId(Uuid::nil()),
            agent_id: wanted.agent_id,
            rail: Rail::Acp,
            amount: wanted.most,
            payee,
            mandate_id: wanted.mandate_id,
            claims: Claims::default(),
            cart: None,
            terms: None,
        },
        memo: wanted.memo,
        idempotency_key: wanted.idempotency_key,
        purchase,
        purpose: Some(Box::new(Purpose { subject, sign_before_ms: None, after: Vec::new() })),
    }
}
