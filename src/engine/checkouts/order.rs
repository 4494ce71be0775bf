//! The order a paid checkout became, held against what was asked for and decided on.
//!
//! It must never pass on a merchant's words: what it finds is on the ledger in words of ours.

use super::super::floor::Floor;
use super::Problem;
use crate::books::Payment;
use crate::failure::Failure;
use crate::payment::Purchase;
use crate::rails::acp::Outlook;

impl Floor {
    /// What is wrong with the order of a settled payment, if anything is; payments for no checkout have none.
    ///
    /// # Errors
    /// When the merchant cannot be asked, or is still at it.
    pub(in crate::engine) async fn wrong_with_order(
        &self,
        payment: &Payment,
    ) -> Result<Option<String>, Failure> {
        if !matches!(payment.purchase, Some(Purchase::Checkout(_))) {
            return Ok(None);
        }
        let seen = match self.fetch(payment).await {
            Ok(seen) => seen,
            Err(failure) if failure.code == "MERCHANT_ANSWER_UNUSABLE" => {
                let reason =
                    "what the merchant says of the order contradicts itself or the checkout";
                return Ok(Some(reason.to_owned()));
            }
            Err(failure) => return Err(failure),
        };
        let (decided, total) = (payment.request.amount, seen.session.total());
        Ok(match seen.session.status.outlook() {
            Outlook::Underway => {
                let message = "the merchant is still at the order";
                return Err(Failure::unavailable("MERCHANT_BUSY", message));
            }
            Outlook::Paid if total != decided => {
                Some(format!("the merchant's order is over {total}, and {decided} was decided on"))
            }
            Outlook::Paid if matches!(seen.problem, Some(Problem::Mismatch(_))) => {
                Some("the merchant's order does not hold what was asked for".to_owned())
            }
            Outlook::Paid => None,
            _ => Some("the card was charged, and the merchant shows no order".to_owned()),
        })
    }
}
