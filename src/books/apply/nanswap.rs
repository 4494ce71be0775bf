//! Orders at Nanswap Pay: made, moved on, told of.

use super::{ApplyError, Fold, misfit};
use crate::books::event::Body;
use crate::books::nanswap::{NanswapOrder, WebhookTaken, WebhookVerdict};
use crate::books::rows::Table;
use crate::books::view::encode;

impl Fold<'_> {
    /// Whether the event was one of Nanswap Pay, which is then booked.
    pub(super) fn nanswap_event(&mut self, body: &Body) -> Result<bool, ApplyError> {
        match body {
            Body::NanswapOrdered(order) => {
                if self.view().nanswap_order(&order.invoice_id)?.is_some() {
                    return Err(misfit("nanswap.ordered", "there is such an order already"));
                }
                self.put_order(order);
            }
            Body::NanswapNoted(noted) => {
                let order = self.known_order(&noted.invoice_id)?;
                self.put_order(&NanswapOrder { status: noted.status.clone(), ..order });
            }
            Body::NanswapWebhook(taken) => self.webhook_taken(taken)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn webhook_taken(&mut self, taken: &WebhookTaken) -> Result<(), ApplyError> {
        let mut row = self.view().nanswap_webhook(&taken.digest)?;
        if row.verdicts.contains(&taken.verdict) {
            return Err(misfit("nanswap.webhook", "it is on the books already"));
        }
        row.verdicts.push(taken.verdict);
        self.rows.put(Table::NanswapWebhooks, taken.digest.as_bytes(), encode(&row));
        if taken.verdict == WebhookVerdict::Accepted {
            let mut order = self.known_order(&taken.invoice_id)?;
            order.status.clone_from(&taken.status);
            order.told.push(taken.status.clone());
            self.put_order(&order);
        }
        Ok(())
    }

    fn known_order(&self, invoice_id: &str) -> Result<NanswapOrder, ApplyError> {
        let order = self.view().nanswap_order(invoice_id)?;
        order.ok_or_else(|| misfit("nanswap", "there is no such order"))
    }

    fn put_order(&mut self, order: &NanswapOrder) {
        self.rows.put(Table::NanswapOrders, order.invoice_id.as_bytes(), encode(order));
    }
}
