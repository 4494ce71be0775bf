//! The four calls of Nicky's agents' API.
//!
//! This module must never send a credential, nor hand on an answer to another question than the one it asked.

use super::wire::{AttemptWire, ProgressWire, ReportBody, RequestWire, StartBody};
use super::{Attempt, Payer, PaymentRequest, Progress, Reference};
use crate::clock::Millis;
use crate::fetch::{Answer, Ask, Provider, ProviderError};
use crate::providers::Opaque;

/// Nicky's API at one base URL.
#[derive(Clone, Debug)]
pub struct Nicky {
    provider: Provider,
}

/// A payment request that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The request.
    pub request: PaymentRequest,
    /// Another id came back than was asked for: the text was a nick. To be shown, never paid unasked (C3).
    pub is_by_nick: bool,
    /// Nicky's time, or ours where it told none.
    pub now: Millis,
}

impl Nicky {
    /// Speaks through `provider`.
    pub fn new(provider: Provider) -> Self {
        Self { provider }
    }

    /// `GET /api/agents/payment-request`.
    ///
    /// # Errors
    /// [`ProviderError`]; also when another request came back than the one that was asked for.
    pub async fn get_payment_request(&self, asked: &Reference) -> Result<Found, ProviderError> {
        let (id, may_be_nick) = match asked {
            Reference::Request { short_id, .. } => (short_id, false),
            Reference::ShortIdOrNick(text) => (text, true),
        };
        let query = [("shortId", id.as_str())];
        let answer = self.provider.ask(Ask::get("api/agents/payment-request", &query)).await?;
        let request: PaymentRequest = read::<RequestWire, _>(&answer)?;
        let is_same = request.short_id.is_like(id);
        if !is_same && !may_be_nick {
            return Err(other(&answer, "payment request", id, &request.short_id));
        }
        Ok(Found { request, is_by_nick: !is_same, now: now(&answer) })
    }

    /// `POST /api/agents/payment/start`: the same attempt for the same request, asset and e-mail address, so that it may
    /// be asked for twice. The answer comes with Nicky's time.
    ///
    /// # Errors
    /// [`ProviderError`]; what the attempt says is for [`super::check_attempt`].
    pub async fn start_payment(
        &self,
        request: &Opaque,
        asset: &Opaque,
        payer: &Payer,
    ) -> Result<(Attempt, Millis), ProviderError> {
        let body = StartBody {
            payment_request_short_id: request.as_str(),
            asset_id: asset.as_str(),
            payer_name: payer.name(),
            payer_email: payer.email(),
        };
        let ask = Ask::post("api/agents/payment/start", &body).map_err(|e| self.unwritable(&e))?;
        let answer = self.provider.ask(ask.repeatable()).await?;
        Ok((read::<AttemptWire, _>(&answer)?, now(&answer)))
    }

    /// `POST /api/agents/payment/report-transaction`: harmless to repeat, since the money has gone. A hash goes out as
    /// it stands; that of a Nano block has 64 upper-case hex digits.
    ///
    /// # Errors
    /// [`ProviderError`], which is never a reason to pay again.
    pub async fn report_transaction(
        &self,
        attempt: &Opaque,
        hash: &Opaque,
    ) -> Result<Progress, ProviderError> {
        let body =
            ReportBody { payment_attempt_id: attempt.as_str(), transaction_hash: hash.as_str() };
        let path = "api/agents/payment/report-transaction";
        let ask = Ask::post(path, &body).map_err(|error| self.unwritable(&error))?;
        let answer = self.provider.ask(ask.repeatable()).await?;
        progress_of(&answer, attempt)
    }

    /// `GET /api/agents/payment/progress`.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn payment_progress(&self, attempt: &Opaque) -> Result<Progress, ProviderError> {
        let query = [("paymentAttemptId", attempt.as_str())];
        let answer = self.provider.ask(Ask::get("api/agents/payment/progress", &query)).await?;
        progress_of(&answer, attempt)
    }

    fn unwritable(&self, error: &serde_json::Error) -> ProviderError {
        ProviderError::garbled(self.provider.name(), &format!("the request itself: {error}"))
    }
}

fn progress_of(answer: &Answer, attempt: &Opaque) -> Result<Progress, ProviderError> {
    let progress: Progress = read::<ProgressWire, _>(answer)?;
    if !progress.attempt_id.is_like(attempt) {
        return Err(other(answer, "attempt", attempt, &progress.attempt_id));
    }
    Ok(progress)
}

fn read<W, T>(answer: &Answer) -> Result<T, ProviderError>
where
    W: serde::de::DeserializeOwned,
    T: TryFrom<W, Error = String>,
{
    T::try_from(answer.json::<W>()?).map_err(|detail| answer.garbled(&detail))
}

fn other(answer: &Answer, what: &str, asked: &Opaque, found: &Opaque) -> ProviderError {
    answer.garbled(&format!("it is about {what} {found}, not {asked}"))
}

fn now(answer: &Answer) -> Millis {
    answer.server_time.unwrap_or(answer.received_at)
}
