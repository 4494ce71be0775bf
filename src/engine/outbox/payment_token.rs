//! Reads back what was charged on the token a purchase was paid with, and looks once more at the merchant's order.
//!
//! The money has moved: nothing here may pay, revoke, or take a smaller charge for a reason to give budget back.

use std::time::Duration;

use super::Try;
use crate::books::{Disputed, OutboxTask, Payment, TaskEnd};
use crate::engine::{Engine, store_failure};
use crate::failure::Failure;
use crate::limits;
use crate::money::Money;
use crate::payment::{State, TaskNews};
use crate::rails::stripe::{Deactivated, IssuedToken};

impl Engine {
    pub(super) async fn read_token_back(&self, task: &OutboxTask, key: &str) -> Try {
        let payment = match self.settled_payment(task) {
            Ok(Some(payment)) => payment,
            Ok(None) => return Try::Failed("the payment it follows is not settled".to_owned()),
            Err(failure) => return Try::Failed(failure.message),
        };
        let was_read = task.news.clone().filter(|news| news.is_delivered);
        let news = match was_read {
            Some(news) => news,
            None => match self.floor().kept_token(key).await {
                Ok(None) => return Try::Ended(TaskEnd::GaveUp, untold()),
                Err(failure) => return Try::Failed(failure.message),
                Ok(Some(token)) => {
                    let age = self.clock().now().since(task.added_at_ms);
                    match judge(&token, payment.request.amount, age) {
                        Judged::Exact(news) => news,
                        Judged::Other(tried) => return tried,
                    }
                }
            },
        };
        self.look_at_the_order(task, &payment, news).await
    }

    /// What was charged is right; is the order, too?
    async fn look_at_the_order(&self, task: &OutboxTask, payment: &Payment, news: TaskNews) -> Try {
        match self.floor().wrong_with_order(payment).await {
            Ok(None) => Try::Ended(TaskEnd::Done, news),
            Ok(Some(reason)) => Try::Disputed(Disputed { charged: None, reason }, news),
            Err(failure) => {
                tracing::info!(code = %failure.code, task = task.id, "an order is looked at again");
                let age = self.clock().now().since(task.added_at_ms);
                if age >= limits::OUTBOX_GIVE_UP {
                    return Try::Ended(TaskEnd::GaveUp, news);
                }
                Try::Again(pause(age), news)
            }
        }
    }

    fn settled_payment(&self, task: &OutboxTask) -> Result<Option<Payment>, Failure> {
        let Some(id) = task.payment_id else { return Ok(None) };
        let read = self.store().read(|view| view.payment(id));
        let payment = read.map_err(|error| store_failure(&error))?;
        Ok(payment.filter(|payment| matches!(payment.state, State::Settled { .. })))
    }
}

enum Judged {
    /// What was decided on, to the unit.
    Exact(TaskNews),
    /// Anything else.
    Other(Try),
}

/// Holds what was captured against what was decided on, `age` after the payment was settled.
fn judge(token: &IssuedToken, decided: Money, age: Duration) -> Judged {
    let captured = token.captured.unwrap_or(Money { amount: 0, ..decided });
    let news = |status: &str, is_delivered: bool, note: Option<String>| TaskNews {
        status: status.to_owned(),
        is_delivered,
        note,
    };
    if captured == decided {
        return Judged::Exact(news("charged", true, None));
    }
    let note = format!("the card was charged {captured}, and {decided} was decided on");
    let is_other = captured.currency != decided.currency && captured.amount > 0;
    if is_other || captured.amount > decided.amount {
        let charged = captured.beyond(decided).map(|_| captured);
        let disputed = Disputed { charged, reason: note.clone() };
        return Judged::Other(Try::Disputed(disputed, news("charged_more", true, Some(note))));
    }
    let status = if captured.amount == 0 { "not_charged" } else { "charged_less" };
    let note = format!("{note}; the budget keeps the whole");
    // Money that is held by a used token is often taken a day later.
    let is_final = matches!(
        token.deactivated,
        Some(Deactivated::Expired | Deactivated::Revoked | Deactivated::Resolved)
    );
    Judged::Other(match is_final {
        true => Try::Ended(TaskEnd::Done, news(status, true, Some(note))),
        false => Try::Again(pause(age), news(status, false, Some(note))),
    })
}

fn untold() -> TaskNews {
    let note = "the wallet keeps no token of it, so what the card was charged cannot be read back";
    TaskNews { status: "unknown".to_owned(), is_delivered: false, note: Some(note.to_owned()) }
}

/// Twice as long each time.
fn pause(age: Duration) -> Duration {
    age.clamp(limits::OUTBOX_RETRY, limits::OUTBOX_RETRY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(amount: u128) -> Money {
        Money { amount, currency: "USD".parse().unwrap() }
    }

    /// A token on which `captured` of `currency` was charged, and how that was judged against 6.60 USD.
    fn judged(currency: &str, captured: u64, reason: &str) -> Judged {
        let text = format!(
            r#"{{"id":"spt_1","status":"active","usage_limits":{{"currency":"{currency}",
                "max_amount":660,"expires_at":900}},"usage_details":{{"amount_captured":{captured}}},
                "deactivated_reason":{reason}}}"#
        );
        judge(&IssuedToken::read(text.as_bytes()).unwrap(), usd(660), Duration::from_secs(40))
    }

    #[test]
    fn the_very_amount_is_no_news_and_one_unit_more_is_an_alarm() {
        let Judged::Exact(news) = judged("usd", 660, r#""consumed""#) else { panic!() };
        assert_eq!((news.status.as_str(), news.is_delivered, news.note), ("charged", true, None));
        let Judged::Other(Try::Disputed(found, news)) = judged("usd", 661, "null") else {
            panic!()
        };
        assert_eq!((found.charged, news.status.as_str()), (Some(usd(661)), "charged_more"));
        assert_eq!(found.reason, "the card was charged 6.61 USD, and 6.6 USD was decided on");
        let Judged::Other(Try::Disputed(found, _)) = judged("eur", 1, "null") else { panic!() };
        assert_eq!(found.charged, None, "no budget counts another currency");
    }

    #[test]
    fn less_is_waited_for_until_no_more_can_come() {
        for (captured, status) in [(659, "charged_less"), (0, "not_charged")] {
            for reason in ["null", r#""consumed""#] {
                let Judged::Other(Try::Again(pause, news)) = judged("usd", captured, reason) else {
                    panic!("{captured} {reason}")
                };
                assert_eq!((news.status.as_str(), news.is_delivered), (status, false));
                assert_eq!(pause, Duration::from_secs(40));
            }
            let last = judged("usd", captured, r#""expired""#);
            let Judged::Other(Try::Ended(TaskEnd::Done, news)) = last else { panic!("{captured}") };
            assert_eq!(news.status, status);
            assert!(news.note.unwrap().ends_with("the budget keeps the whole"));
        }
    }

    #[test]
    fn looks_become_rare() {
        let ages = [0, 10, 11, 599, 600, 86_400].map(Duration::from_secs);
        assert_eq!(ages.map(|age| pause(age).as_secs()), [10, 10, 11, 599, 600, 600]);
    }
}
