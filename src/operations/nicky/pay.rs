//! `nicky.pay`: pays a request in XNO, through the guard, and has it reported and followed.
//!
//! Whatever does not fit between the request, the attempt and this wallet stops before anything is signed.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ask::{find, id, not_payable, payer};
use crate::clock::Millis;
use crate::engine::{Order, Paid, key_taken, provider_failure};
use crate::failure::Failure;
use crate::limits;
use crate::money::Raw;
use crate::operations::fields::{bounded, idempotency_key, own_accounts};
use crate::operations::paid_for::{PaidFor, check_max, heard, pay_for, shown};
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, Operation, Outcome, Spec, outcome_of,
};
use crate::payment::{PublishVia, Purpose, Task};
use crate::providers::Opaque;
use crate::providers::nicky::{
    Attempt, Found, Payable, PaymentRequest, Reference, check_attempt, check_request,
    payable_assets,
};

/// Pay a request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NickyPay {
    /// Short id, #ID or link of the request.
    short_id: String,
    /// One of payableAssetIds; needed only if there are several.
    #[serde(default)]
    asset_id: Option<String>,
    /// The user's, never made up; default: the owner's setting.
    #[serde(default)]
    payer_name: Option<String>,
    /// As payerName.
    #[serde(default)]
    payer_email: Option<String>,
    /// The most XNO to pay; needed if the request is in another currency.
    #[serde(default)]
    max_amount: Option<AmountText>,
    /// The mandate to pay under.
    #[serde(default)]
    mandate_id: Option<String>,
    /// A note for the owner's ledger.
    #[serde(default)]
    memo: Option<String>,
    /// One key per intended payment; after a time-out repeat with the SAME key.
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// A payment for a request.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NickyPaid {
    #[serde(flatten)]
    paid: PaidFor,
    /// For nicky.payment_progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_attempt_id: Option<String>,
}

/// An attempt that may be paid, by our clock.
struct Offer {
    payable: Payable,
    asked_at: Millis,
    time_left: Duration,
}

impl Operation for NickyPay {
    type Output = NickyPaid;
    const SPEC: Spec = Spec {
        name: "nicky.pay",
        title: "Pay a Nicky request",
        description: "Pay a Nicky (pay.nicky.me) payment request in XNO within the owner's policy; it is reported to Nicky and followed by itself. A request is paid once. Then nicky_payment_progress. pending: do not pay again.",
        audience: Audience::Agent,
        access: Access::Spend,
        toolset: "nicky",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<NickyPaid>, Failure> {
        let agent = context.caller.agent_id();
        let key = idempotency_key(self.idempotency_key.clone())?;
        let known =
            context.engine.known_payment(context.call_id, Self::SPEC.name, agent, key.as_ref())?;
        if let Some(paid) = known {
            self.check_same(&paid)?;
            return outcome(&heard(&paid, context).await?, context);
        }
        let (_, found) = find(&self.short_id, context).await?;
        if found.is_by_nick {
            return Err(by_nick(&found));
        }
        let subject = subject(&found.request.short_id);
        if let Some(payment) = context.engine.live_payment_of(&subject)?
            && payment.request.agent_id.as_deref() == agent
        {
            let paid = context.engine.paid(payment.id())?;
            return outcome(&heard(&paid, context).await?, context);
        }
        let offer = self.offer(&found.request, context).await?;
        let order = Order {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id: agent.map(str::to_owned),
            destination: offer.payable.account,
            label: Some(subject.clone()),
            amount: offer.payable.amount.into(),
            mandate_id: bounded("mandateId", self.mandate_id, limits::ID_BYTES)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
            account: AccountRef::resolve(None, &context.engine)?,
            idempotency_key: key,
            publish_via: PublishVia::Node,
            purpose: Some(Box::new(purpose(subject, &offer))),
        };
        outcome(&pay_for(order, context).await?, context)
    }
}

impl NickyPay {
    /// A started attempt that nothing speaks against.
    async fn offer(&self, request: &PaymentRequest, context: &Context) -> Result<Offer, Failure> {
        check_request(request).map_err(|error| not_payable(&error))?;
        let asset = self.asset(request)?;
        let payer = payer(self.payer_name.as_deref(), self.payer_email.as_deref(), context)?;
        let max = self.max_amount.as_ref().map(AmountText::xno).transpose()?;
        let own = own_accounts(&context.engine)?;
        let nicky = context.engine.services().nicky().await?;
        let started = nicky.start_payment(&request.short_id, &asset, &payer).await;
        let (attempt, their_now) = started.map_err(|error| provider_failure(&error))?;
        let payable = check_attempt(request, &asset, &attempt, &own, their_now)
            .map_err(|error| not_payable(&error))?;
        check_price(request, &attempt, &payable, max)?;
        let time_left = payable.expires_at.since(their_now);
        Ok(Offer { payable, asked_at: context.engine.clock().now(), time_left })
    }

    /// The asset this wallet can pay.
    fn asset(&self, request: &PaymentRequest) -> Result<Opaque, Failure> {
        let payable = payable_assets(request);
        if let Some(wanted) = &self.asset_id {
            let wanted = id("assetId", wanted)?;
            if payable.iter().any(|asset| asset.id == wanted) {
                return Ok(wanted);
            }
            return Err(not_xno(request, &format!("this wallet cannot pay {wanted}")));
        }
        match payable[..] {
            [] => Err(not_xno(request, "the receiver does not accept XNO")),
            [only] => Ok(only.id.clone()),
            [first, ..] if first.id == request.native_asset_id => Ok(first.id.clone()),
            _ => {
                let ids: Vec<_> = payable.iter().map(|asset| asset.id.as_str()).collect();
                let message = format!("several assets look like XNO: {}", ids.join(", "));
                Err(Failure::invalid("NICKY_ASSET", message).hint("Give one of them as assetId"))
            }
        }
    }

    /// A key must not lead to the payment of another request.
    fn check_same(&self, paid: &Paid) -> Result<(), Failure> {
        let asked = match self.short_id.parse() {
            Ok(Reference::Request { short_id, .. } | Reference::ShortIdOrNick(short_id)) => {
                short_id
            }
            Err(_) => return Err(key_taken(paid)),
        };
        let known = paid.payment.purpose.as_ref().map(|purpose| purpose.subject.as_str());
        if known == Some(subject(&asked).as_str()) { Ok(()) } else { Err(key_taken(paid)) }
    }
}

/// What a request is called among the subjects of payments; Nicky does not tell upper from lower case.
fn subject(request: &Opaque) -> String {
    format!("nicky:{}", request.as_str().to_ascii_uppercase())
}

fn purpose(subject: String, offer: &Offer) -> Purpose {
    let expires_at_ms = offer.asked_at.plus(offer.time_left);
    let signable = offer.time_left.saturating_sub(limits::NICKY_SIGN_MARGIN);
    let attempt_id = offer.payable.attempt_id.to_string();
    Purpose {
        subject,
        sign_before_ms: Some(offer.asked_at.plus(signable)),
        after: vec![Task::NickyAttempt { attempt_id, expires_at_ms }],
    }
}

/// A price in another currency was converted by Nicky: somebody must have agreed to it.
fn check_price(
    request: &PaymentRequest,
    attempt: &Attempt,
    payable: &Payable,
    max: Option<Raw>,
) -> Result<(), Failure> {
    if payable.is_converted && max.is_none() {
        let message = format!(
            "the request is over {} {}, which Nicky converts to {} XNO",
            request.open_amount, request.native_asset_id, attempt.amount_to_send
        );
        return Err(Failure::refused("PRICE_CONVERTED", message)
            .hint("Let the user agree, then call again with maxAmount"));
    }
    check_max(payable.amount, max)
}

fn by_nick(found: &Found) -> Failure {
    let id = &found.request.short_id;
    let message = format!("that is a nick; it stands for payment request {id} at this moment");
    Failure::refused("NICKY_NICK", message).hint(format!(
        "Show the request to the user with nicky.get_payment_request, and pay it as #{id} if it is the right one"
    ))
}

fn not_xno(request: &PaymentRequest, why: &str) -> Failure {
    let ids: Vec<_> = request.assets.iter().take(ASSETS_NAMED).map(|one| one.id.as_str()).collect();
    let message = format!("not payable by this wallet: {why}; accepted are {}", ids.join(", "));
    Failure::refused("NICKY_NOT_PAYABLE", message).hint(
        "Another wallet can pay: nicky.start_payment with the asset the user chooses gives address, amount and deadline; then give the hash to nicky.report_transaction",
    )
}

fn outcome(paid: &Paid, context: &Context) -> Result<Outcome<NickyPaid>, Failure> {
    let tasks = paid.payment.purpose.iter().flat_map(|purpose| &purpose.after);
    let payment_attempt_id = tasks.rev().find_map(|task| match task {
        Task::NickyAttempt { attempt_id, .. } => Some(attempt_id.clone()),
        Task::NanswapOrder { .. } | Task::PaymentToken { .. } => None,
    });
    let paid = NickyPaid { paid: shown(paid, context)?, payment_attempt_id };
    Ok(outcome_of(paid.paid.result.status, paid))
}

const ASSETS_NAMED: usize = 20;
