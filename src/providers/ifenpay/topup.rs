//! Endpoints 10 and 11: ordering credits, and paying the order with a signed block that ifenpay publishes.
//!
//! An order must pass [`TopupOrder::check`] before it is paid. A payment is asked for once here: whoever gets no answer
//! looks for the block by its hash, and sends the same bytes again if anything.

use serde::{Deserialize, Serialize};

use super::{Credits, Ifenpay, Tier, TransactionId, UpstreamError, nonsense};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, SignedBlock, Subtype};

/// An order of credits, as ifenpay priced it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TopupOrder {
    /// How many credits.
    pub tier: Tier,
    /// Where the payment is to go.
    pub payment_address: Account,
    /// What is to be paid; positive.
    pub amount: Raw,
    /// Its id.
    pub transaction_id: TransactionId,
}

/// Why an order must not be paid.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// Dearer than the list that was just read.
    #[error("ifenpay wants {asked} XNO for {tier} credits, and its own price list says {listed} XNO",
        asked = asked.to_xno(), listed = listed.to_xno())]
    AboveList {
        /// For how many credits.
        tier: Tier,
        /// What it wants.
        asked: Raw,
        /// What its list says.
        listed: Raw,
    },
    /// Dearer than the owner lets a credit be.
    #[error("ifenpay wants {asked} XNO for {tier} credits, and the most this wallet pays is {most} XNO",
        asked = asked.to_xno(), most = most.to_xno())]
    AboveMaximum {
        /// For how many credits.
        tier: Tier,
        /// What it wants.
        asked: Raw,
        /// The most that is paid for so many.
        most: Raw,
    },
    /// Nobody owns the account.
    #[error("ifenpay wants to be paid at an account that nobody owns")]
    Burnt,
}

impl OrderError {
    /// The stable code told to callers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AboveList { .. } | Self::AboveMaximum { .. } => "PRICE_REFUSED",
            Self::Burnt => "INVALID_DATA",
        }
    }
}

/// Credits that were given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ToppedUp {
    /// How many more.
    pub topped_up_credits: u32,
    /// How many there are now.
    pub new_credits_balance: i32,
}

impl TopupOrder {
    /// Compares the order with the list that was just read and with the most the owner pays for one credit. What makes
    /// the amount unlike others may come on top of either.
    ///
    /// # Errors
    /// [`OrderError`].
    pub fn check(&self, listed: &Credits, most_per_credit: Raw) -> Result<(), OrderError> {
        let (tier, asked) = (self.tier, self.amount);
        if self.payment_address == Account::BURN {
            return Err(OrderError::Burnt);
        }
        let over = |most: Raw| {
            let slack = most.checked_add(SUFFIX_MAX).unwrap_or(Raw::MAX);
            asked > slack
        };
        let listed = listed.price(tier);
        if over(listed) {
            return Err(OrderError::AboveList { tier, asked, listed });
        }
        let most = most_per_credit.get().checked_mul(u128::from(tier.credits()));
        let most = most.map_or(Raw::MAX, Raw::new);
        if over(most) {
            return Err(OrderError::AboveMaximum { tier, asked, most });
        }
        Ok(())
    }
}

impl Ifenpay {
    /// Orders credits. Each question makes another order, so it is asked once; an order that is not paid costs nothing.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn order_topup(&self, tier: Tier) -> Result<TopupOrder, UpstreamError> {
        let text = tier.to_string();
        let told: Ordered = self.upstream.get(&["credits", "topup", &text]).await?;
        let amount = Raw::payment_from_xno(&told.nano_amount)
            .map_err(|error| nonsense(format!("the price of the order: {error}")))?;
        let (payment_address, transaction_id) = (told.payment_address, told.transaction_id);
        Ok(TopupOrder { tier, payment_address, amount, transaction_id })
    }

    /// Hands in the signed block that pays an order; ifenpay publishes it.
    ///
    /// # Errors
    /// [`UpstreamError`]. None tells what became of the block.
    pub async fn pay_topup(
        &self,
        tier: Tier,
        transaction_id: &TransactionId,
        block: &SignedBlock,
    ) -> Result<ToppedUp, UpstreamError> {
        let paid = Pay { subtype: Subtype::Send, block, transaction_id };
        let told: Given = self.upstream.post(&["credits", "topup"], &paid).await?;
        if told.topped_up_credits != tier.credits() {
            let found = told.topped_up_credits;
            return Err(nonsense(format!("{tier} credits were paid for and {found} given")));
        }
        let (topped_up_credits, new_credits_balance) =
            (told.topped_up_credits, told.new_credits_balance);
        Ok(ToppedUp { topped_up_credits, new_credits_balance })
    }
}

#[derive(Deserialize)]
struct Ordered {
    payment_address: Account,
    nano_amount: String,
    transaction_id: TransactionId,
}

#[derive(Serialize)]
struct Pay<'a> {
    subtype: Subtype,
    block: &'a SignedBlock,
    transaction_id: &'a TransactionId,
}

#[derive(Deserialize)]
struct Given {
    topped_up_credits: u32,
    new_credits_balance: i32,
}

const SUFFIX_MAX: Raw = Raw::new(limits::IFENPAY_SUFFIX_MAX_RAW);

#[cfg(test)]
mod tests {
    use super::*;

    fn xno(text: &str) -> Raw {
        Raw::from_xno(text).unwrap()
    }

    fn order(amount: Raw) -> TopupOrder {
        TopupOrder {
            tier: Tier::ALL[0],
            payment_address: Account::from_bytes([7; 32]),
            amount,
            transaction_id: "a".parse().unwrap(),
        }
    }

    fn checked(amount: Raw, list: &str, most: &str) -> Result<(), &'static str> {
        let listed = Credits::at(xno(list));
        order(amount).check(&listed, xno(most)).map_err(|error| match error {
            OrderError::AboveList { .. } => "list",
            OrderError::AboveMaximum { .. } => "maximum",
            OrderError::Burnt => "burnt",
        })
    }

    #[test]
    fn an_order_may_cost_the_list_price_and_what_makes_it_unlike_others() {
        let most = xno("0.1").checked_add(SUFFIX_MAX).unwrap();
        let more = most.checked_add(Raw::new(1)).unwrap();
        assert_eq!(checked(most, "0.1", "0.01"), Ok(()));
        assert_eq!(checked(more, "0.1", "0.02"), Err("list"));
        assert_eq!(checked(more, "0.2", "0.01"), Err("maximum"));
        assert_eq!(checked(xno("0.05"), "0.1", "0.01"), Ok(()));
        assert_eq!(checked(xno("5"), "0.1", "0.01"), Err("list"));
        assert_eq!(checked(xno("5"), "5", "0.01"), Err("maximum"));
        assert_eq!(checked(Raw::MAX, "340282366", "340282366"), Err("list"));
    }

    #[test]
    fn nobody_is_paid_at_an_account_without_an_owner() {
        let burnt = TopupOrder { payment_address: Account::BURN, ..order(xno("0.1")) };
        let checked = burnt.check(&Credits::at(xno("0.1")), xno("1"));
        assert_eq!(checked, Err(OrderError::Burnt));
    }
}
