//! Endpoints 7 and 8: asking to be paid, and whether one was.
//!
//! A request that was paid must never be told from what merely looks like it: words that are neither yes nor no, or
//! that contradict each other, are an error.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Ifenpay, TransactionId, UpstreamError, nonsense};
use crate::limits;
use crate::money::Raw;
use crate::nano::Account;

/// A payment request as ifenpay made it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PaymentRequest {
    /// Who is paid.
    pub receive_address: Account,
    /// The exact amount to be sent: what was asked and a little more, which makes it unlike all others.
    pub amount: Raw,
    /// Its id.
    pub transaction_id: TransactionId,
}

/// What became of a payment request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PaymentStatus {
    /// Which.
    pub transaction_id: TransactionId,
    /// Whether ifenpay has seen the payment.
    pub is_paid: bool,
    /// ifenpay's words: untrusted.
    pub message: String,
}

impl Ifenpay {
    /// Asks for a payment of `amount` to `receive_address`. Costs credits, so it is asked once.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn request_payment(
        &self,
        receive_address: Account,
        amount: Raw,
        redirect_url: Option<&str>,
    ) -> Result<PaymentRequest, UpstreamError> {
        let asked = Ask { receive_address, amount: amount.to_xno(), redirect_url };
        let told: Told = self.upstream.post(&["payment", "request"], &asked).await?;
        if told.receive_address != receive_address {
            return Err(nonsense("the payment request is for another account than was asked"));
        }
        let found = Raw::payment_from_xno(&told.amount)
            .map_err(|error| nonsense(format!("the amount of the request: {error}")))?;
        let added = found.checked_sub(amount);
        if added.is_none_or(|added| added.get() > limits::IFENPAY_SUFFIX_MAX_RAW) {
            return Err(nonsense(format!(
                "{} XNO were asked for, and the request is over {} XNO",
                amount.to_xno(),
                found.to_xno()
            )));
        }
        Ok(PaymentRequest { receive_address, amount: found, transaction_id: told.transaction_id })
    }

    /// Whether a request was paid, as ifenpay says.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn payment_status(
        &self,
        transaction_id: &TransactionId,
    ) -> Result<PaymentStatus, UpstreamError> {
        let path = ["payment", "status", transaction_id.as_str()];
        let told: Box<RawValue> = self.upstream.read(&path).await?;
        Loose::read(&told)?.unwrapped()?.normalised(transaction_id)
    }
}

#[derive(Serialize)]
struct Ask<'a> {
    receive_address: Account,
    amount: String,
    redirect_url: Option<&'a str>,
}

#[derive(Deserialize)]
struct Told {
    receive_address: Account,
    amount: String,
    transaction_id: TransactionId,
}

/// A status in any of the forms that were seen (`reference/ifenpay.md` §6.3).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Loose {
    success: Option<bool>,
    data: Option<Box<RawValue>>,
    message: Option<String>,
    status: Option<String>,
    transaction_id: Option<String>,
    #[serde(rename = "transactionId")]
    transaction_id_camel: Option<String>,
    is_paid: Option<Word>,
    #[serde(rename = "isPaid")]
    is_paid_camel: Option<Word>,
    paid: Option<Word>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Flag(bool),
    Text(String),
}

impl Loose {
    fn read(told: &RawValue) -> Result<Self, UpstreamError> {
        // A list would be taken for the fields in their order.
        let object = Some(told.get()).filter(|text| text.starts_with('{'));
        let read = object.and_then(|text| serde_json::from_str(text).ok());
        read.ok_or_else(|| UpstreamError::Unreadable { detail: "this is no status".to_owned() })
    }

    /// The status itself, where it came in an envelope of its own.
    fn unwrapped(self) -> Result<Self, UpstreamError> {
        match &self.data {
            None => Ok(self),
            Some(_) if self.success == Some(false) => {
                Err(nonsense("the status came with success false"))
            }
            Some(data) => Self::read(data),
        }
    }

    fn normalised(self, asked: &TransactionId) -> Result<PaymentStatus, UpstreamError> {
        let ids = self.transaction_id.iter().chain(&self.transaction_id_camel);
        if ids.into_iter().any(|id| !id.eq_ignore_ascii_case(asked.as_str())) {
            return Err(nonsense("the status is that of another transaction"));
        }
        let words = [&self.is_paid, &self.is_paid_camel, &self.paid];
        let mut said = Vec::new();
        for word in words.into_iter().flatten() {
            said.push(word.read()?);
        }
        let is_paid = match said.as_slice() {
            [] => self.status.as_deref().is_some_and(|status| is_one_of(status, &PAID)),
            [first, rest @ ..] if rest.iter().all(|other| other == first) => *first,
            _ => return Err(nonsense("the status says both that it is paid and that it is not")),
        };
        if is_paid && self.success == Some(false) {
            return Err(nonsense("the status says that it is paid, with success false"));
        }
        let message = self.message.or(self.status);
        let message = message.unwrap_or_else(|| NO_WORDS.to_owned());
        let message = crate::fetch::quote(&message);
        Ok(PaymentStatus { transaction_id: asked.clone(), is_paid, message })
    }
}

impl Word {
    fn read(&self) -> Result<bool, UpstreamError> {
        match self {
            Self::Flag(flag) => Ok(*flag),
            Self::Text(text) if is_one_of(text, &YES) || is_one_of(text, &PAID) => Ok(true),
            Self::Text(text) if is_one_of(text, &UNPAID) => Ok(false),
            Self::Text(_) => Err(nonsense("the status is neither paid nor unpaid")),
        }
    }
}

fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

const YES: [&str; 3] = ["true", "1", "yes"];
const PAID: [&str; 4] = ["paid", "confirmed", "completed", "success"];
const UNPAID: [&str; 7] = ["false", "0", "no", "pending", "unpaid", "open", "processing"];
/// What is said where ifenpay says nothing.
const NO_WORDS: &str = "Payment status retrieved";

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "77df93b1-0000";

    fn read(json: &str) -> Option<(bool, String)> {
        let told: Box<RawValue> = serde_json::from_str(json).ok()?;
        let status =
            Loose::read(&told).ok()?.unwrapped().ok()?.normalised(&ID.parse().unwrap()).ok()?;
        assert_eq!(status.transaction_id.as_str(), ID);
        Some((status.is_paid, status.message))
    }

    #[test]
    fn every_known_form_is_read() {
        let yes = |json: &str, words: &str| {
            assert_eq!(read(json), Some((true, words.to_owned())), "{json}");
        };
        yes(
            r#"{"success":true,"message":"Payment confirmed","transaction_id":"77df93b1-0000","is_paid":true}"#,
            "Payment confirmed",
        );
        yes(r#"{"success":true,"data":{"isPaid":"Yes"},"error":null}"#, NO_WORDS);
        yes(r#"{"transactionId":"77DF93B1-0000","paid":"1"}"#, NO_WORDS);
        yes(r#"{"status":"Completed"}"#, "Completed");
        let no = |json: &str| assert!(!read(json).unwrap().0, "{json}");
        no(r#"{"is_paid":false,"message":"x"}"#);
        no(r#"{"is_paid":"processing","status":"paid"}"#);
        no(r#"{"status":"waiting"}"#);
        no("{}");
    }

    #[test]
    fn what_contradicts_itself_is_no_status() {
        for json in [
            r#"{"is_paid":true,"isPaid":false}"#,
            r#"{"is_paid":true,"is_paid":true}"#,
            r#"{"is_paid":"maybe"}"#,
            r#"{"is_paid":1}"#,
            r#"{"is_paid":true,"success":false}"#,
            r#"{"is_paid":true,"transaction_id":"other"}"#,
            r#"{"success":false,"data":{"is_paid":true}}"#,
            r#"{"success":true,"data":"paid"}"#,
            "[]",
            "true",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn its_words_are_quoted() {
        assert_eq!(read(r#"{"message":"a\u001b[2J"}"#).unwrap().1, "a\\u{1b}[2J");
    }
}
