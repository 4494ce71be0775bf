//! `payment.request`: asks somebody to pay an amount that no other open request to the account has.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backend::{self, Made};
use super::redirect::redirect_url;
use super::{qr, shown};
use crate::engine::{PaymentBackend, RequestOrder};
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::{bounded, payee_account};
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, Image, Operation, Outcome, Spec,
};

/// Ask to be paid.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// Any nano_ address; default: this wallet's.
    #[serde(default)]
    receive_address: Option<String>,
    /// XNO, as text such as "1.5".
    amount: AmountText,
    /// http(s) address for the payer afterwards; never opened.
    #[serde(default)]
    redirect_url: Option<String>,
    /// 10 to 2592000; default 3600.
    #[serde(default)]
    expires_in_seconds: Option<u64>,
    /// A note for the owner's ledger.
    #[serde(default)]
    memo: Option<String>,
}

/// What the payer needs.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Asked {
    /// Where to pay to.
    receive_address: String,
    /// The exact amount to pay, in XNO: a little more than was asked.
    amount: String,
    /// Ask payment.status for it.
    transaction_id: String,
    /// The exact amount in raw.
    amount_raw: String,
    /// Until when, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// The same for the payer's wallet, as a link; the image holds it as a QR code.
    uri: String,
    /// As given.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
}

impl Operation for PaymentRequest {
    type Output = Asked;
    const SPEC: Spec = Spec {
        name: "payment.request",
        title: "Request a payment",
        description: "Ask to be paid XNO. The payer must send exactly the answer's amount (made unique by a tiny suffix): pass on amount and receive_address, the nano: URI or the QR code; then ask payment_status.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "payment",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Asked>, Failure> {
        self.check_backend(context.engine.services().payment_backend())?;
        let account = match &self.receive_address {
            Some(address) => payee_account(address)?,
            None => AccountRef::resolve(None, &context.engine)?,
        };
        let order = RequestOrder {
            call_id: context.call_id,
            agent_id: context.caller.agent_id().map(str::to_owned),
            account,
            asked: self.amount.xno()?,
            open_for: open_for(self.expires_in_seconds)?,
            redirect_url: redirect_url(self.redirect_url)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
        };
        let redirect_url = order.redirect_url.clone();
        Ok(Outcome::Done(asked(&backend::request(order, context).await?, redirect_url)))
    }

    fn image(output: &Asked) -> Option<Image> {
        qr::image(&output.uri)
    }
}

impl PaymentRequest {
    /// What ifenpay has no place for must not seem to be kept.
    fn check_backend(&self, backend: PaymentBackend) -> Result<(), Failure> {
        let odd = match backend {
            PaymentBackend::Direct => None,
            PaymentBackend::Ifenpay if self.memo.is_some() => Some("memo"),
            PaymentBackend::Ifenpay => {
                self.expires_in_seconds.is_some().then_some("expires_in_seconds")
            }
        };
        let Some(field) = odd else { return Ok(()) };
        let message = format!("ifenpay makes the requests of this wallet and knows no {field}");
        Err(Failure::invalid("INVALID_ARGUMENTS", message).hint("Leave it out"))
    }
}

fn asked(made: &Made, redirect_url: Option<String>) -> Asked {
    let (account, amount, transaction_id, expires_at) = match made {
        Made::Direct(made) => {
            let (request, claim) = (&made.request, &made.request.claim);
            let expires_at = Some(claim.expires_at_ms.to_string());
            (request.account, claim.amount_raw, request.id().to_string(), expires_at)
        }
        Made::Ifenpay(made) => {
            (made.receive_address, made.amount, made.transaction_id.to_string(), None)
        }
    };
    Asked {
        receive_address: account.to_string(),
        amount: amount.to_xno(),
        transaction_id,
        amount_raw: amount.to_string(),
        expires_at,
        uri: shown::uri(account, amount),
        redirect_url,
    }
}

fn open_for(seconds: Option<u64>) -> Result<Duration, Failure> {
    let time = seconds.map_or(limits::REQUEST_OPEN, Duration::from_secs);
    let (least, most) = (limits::REQUEST_OPEN_LEAST, limits::REQUEST_OPEN_MOST);
    if (least..=most).contains(&time) {
        return Ok(time);
    }
    let message = format!(
        "expires_in_seconds is {}; it is {} to {}",
        time.as_secs(),
        least.as_secs(),
        most.as_secs()
    );
    Err(Failure::invalid("INVALID_EXPIRY", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_open_between_its_bounds() {
        assert_eq!(open_for(None).unwrap(), limits::REQUEST_OPEN);
        let (least, most) = (limits::REQUEST_OPEN_LEAST, limits::REQUEST_OPEN_MOST);
        assert_eq!(open_for(Some(least.as_secs())).unwrap(), least);
        assert_eq!(open_for(Some(most.as_secs())).unwrap(), most);
        for wrong in [0, least.as_secs() - 1, most.as_secs() + 1, u64::MAX] {
            assert_eq!(open_for(Some(wrong)).unwrap_err().code, "INVALID_EXPIRY", "{wrong}");
        }
    }
}
