//! What an operation needs of the owner's settings, so that a tool that cannot work is not offered.
//!
//! Only an offer depends on this: a call is refused by what it lacks, wherever it is made.

/// Something the owner sets.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Need {
    /// The key to ifenpay.
    IfenpayKey,
    /// The merchant's key at Nanswap Pay.
    NanswapKey,
    /// What Nanswap's webhooks are checked with.
    NanswapWebhookSecret,
}

/// What the operation of this canonical name cannot do without.
pub fn need_of(name: &str) -> Option<Need> {
    match name {
        "credits.get" | "credits.topup" | "donate.send" => Some(Need::IfenpayKey),
        "nanswap.create_order" | "nanswap.estimate" | "nanswap.list_invoices" => {
            Some(Need::NanswapKey)
        }
        "nanswap.verify_webhook" => Some(Need::NanswapWebhookSecret),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::registry;

    #[test]
    fn every_need_belongs_to_an_operation() {
        let needs = registry().iter().filter_map(|operation| need_of(operation.spec().name));
        let mut needs: Vec<Need> = needs.collect();
        needs.sort_unstable();
        needs.dedup();
        assert_eq!(needs, [Need::IfenpayKey, Need::NanswapKey, Need::NanswapWebhookSecret]);
    }
}
