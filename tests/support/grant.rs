//! A grant of the policy's own for any request, for tests that sign beside the wallet.

use paywarden::clock::Millis;
use paywarden::policy::{CurrencyLimits, Facts, Grant, Policy, Request, Stage, Verdict, decide};

/// What policy says where nothing stands in the way.
pub fn grant(request: &Request) -> Grant {
    let mut policy = Policy::sandbox();
    let most = CurrencyLimits { hard_limit: u128::MAX, auto_approve: u128::MAX };
    policy.limits.insert(request.amount.currency, most);
    let facts = Facts {
        frozen: None,
        approvals_waiting: 0,
        stage: Stage::New,
        now: Millis(0),
        claimed: None,
        payee_category: None,
        merchant_category: None,
        pinned: None,
    };
    match decide(&policy, request, &facts).verdict {
        Verdict::Allow(grant) => grant,
        other => panic!("{other:?}"),
    }
}
