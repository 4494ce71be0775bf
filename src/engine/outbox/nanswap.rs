//! Watches a paid order at Nanswap Pay until it is final (fact sheet 2.11).
//!
//! An order that says too little was paid must never be topped up from here.

use std::time::Duration;

use super::{Engine, Try};
use crate::books::{OutboxTask, TaskEnd};
use crate::clock::Millis;
use crate::limits;
use crate::payment::TaskNews;
use crate::providers::Opaque;
use crate::providers::nanswap::{Order, OrderStatus};

impl Engine {
    pub(super) async fn watch_nanswap_order(
        &self,
        task: &OutboxTask,
        invoice_id: &str,
        expires_at: Millis,
    ) -> Try {
        let Ok(invoice) = invoice_id.parse::<Opaque>() else {
            return Try::Failed(format!("{invoice_id:?} is no invoice"));
        };
        let nanswap = match self.services().nanswap().await {
            Ok(nanswap) => nanswap,
            Err(failure) => return Try::Failed(failure.message),
        };
        match nanswap.get_order(&invoice).await {
            Ok(order) => judge(&order, self.clock().now(), task.added_at_ms, expires_at),
            Err(error) => Try::Failed(error.to_string()),
        }
    }
}

fn judge(order: &Order, now: Millis, paid_at: Millis, expires_at: Millis) -> Try {
    let is_seen = order.status.rank() >= OrderStatus::Processing.rank();
    let is_done = order.status == OrderStatus::Completed;
    let is_over = now >= expires_at.plus(limits::NANSWAP_LATE);
    let needs_support = !is_done && (order.status.is_final() || is_over);
    let news = TaskNews {
        status: order.status.to_string(),
        is_delivered: is_seen,
        note: needs_support.then(|| {
            "Nanswap holds the money: ask contact@nanswap.com with the invoice and the block"
                .to_owned()
        }),
    };
    match () {
        () if is_done => Try::Ended(TaskEnd::Done, news),
        () if needs_support => Try::Ended(TaskEnd::GaveUp, news),
        () => Try::Again(pause(now, paid_at, expires_at), news),
    }
}

fn pause(now: Millis, paid_at: Millis, expires_at: Millis) -> Duration {
    if now.since(paid_at) < limits::NANSWAP_EAGER {
        limits::NANSWAP_POLL
    } else if now < expires_at {
        limits::NANSWAP_POLL_LATER
    } else {
        limits::NANSWAP_POLL_LATE
    }
}
