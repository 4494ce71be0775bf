//! Every rule of a mandate at its limit and past it, and the holes of `reference/agent-wallet.md` §7 that are policy's.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::*;
use crate::clock::Millis;
use crate::ids::PaymentId;
use crate::money::Money;

const PAYEE: &str = "nano_1enzzhjtfwyk7joubjfmbm3wptxgjprc4tkequeeukcwz8ps8uroee395wjx";
const NOW: Millis = Millis(1_795_248_000_000); // 2026-11-21T08:00:00Z, a Saturday

fn money(amount: u128, code: &str) -> Money {
    Money { amount, currency: code.parse().unwrap() }
}

fn mandate(with: Value) -> Mandate {
    let mut body = json!({ "id": "m", "cap": { "amount": "1000", "currency": "USD" } });
    body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    serde_json::from_value(body).unwrap()
}

fn request(amount: Money) -> Request {
    Request {
        payment_id: PaymentId(Uuid::from_u128(7)),
        agent_id: None,
        rail: Rail::Nano,
        amount,
        payee: Payee { address: PAYEE.into(), label: None },
        mandate_id: Some("m".into()),
        claims: Claims::default(),
        cart: None,
        terms: None,
    }
}

fn cart(amount: Money, category: Option<&str>) -> Cart {
    let item = LineItem {
        name: "thing".into(),
        quantity: 1,
        unit_amount: Some(amount),
        category: category.map(str::to_owned),
    };
    Cart {
        merchant_id: "grocer-1".into(),
        merchant_domain: "shop.realgrocer.com".into(),
        line_items: vec![item],
        total: amount,
        surcharge: None,
    }
}

fn facts(mandate: Mandate) -> Facts {
    let usage = Usage::default();
    Facts {
        frozen: None,
        approvals_waiting: 0,
        stage: Stage::New,
        now: NOW,
        claimed: Some(Claimed { mandate, version: 3, revoked: false, usage, held: None }),
        payee_category: None,
        merchant_category: None,
        pinned: None,
    }
}

/// Everything within its limits, so that only the mandate decides.
fn policy() -> Policy {
    let mut policy = Policy { mode: Mode::Autonomous, ..Policy::sandbox() };
    let limits = CurrencyLimits { hard_limit: u128::MAX, auto_approve: 0 };
    for code in ["XNO", "USD", "USDC", "EUR"] {
        policy.limits.insert(code.parse().unwrap(), limits);
    }
    policy
}

fn judged(request: &Request, facts: &Facts) -> Decision {
    let decision = decide(&policy(), request, facts);
    let denied = decision.verdict.outcome() == Outcome::Deny;
    assert_eq!(denied, decision.charge.is_none() && decision.would_pass.is_some());
    assert_eq!(denied, decision.rules.iter().any(|rule| !rule.pass), "{:?}", decision.rules);
    assert_eq!(decision.mandate_version, Some(3));
    decision
}

fn code(request: &Request, facts: &Facts) -> ReasonCode {
    judged(request, facts).reason_code
}

#[test]
fn caps_pass_when_equal_and_fail_one_past() {
    for (field, reason) in [
        (json!({}), ReasonCode::MandateCap),
        (
            json!({ "cap": { "amount": "5000", "currency": "USD" },
            "perTxnCap": { "amount": "1000", "currency": "USD" } }),
            ReasonCode::PerTxnCap,
        ),
        (
            json!({ "cap": { "amount": "5000", "currency": "USD" },
            "perItemCap": { "amount": "1000", "currency": "USD" } }),
            ReasonCode::PerItemCap,
        ),
        (
            json!({ "cap": { "amount": "5000", "currency": "USD" },
            "window": { "durationMs": 1000, "cap": { "amount": "1000", "currency": "USD" } } }),
            ReasonCode::WindowCap,
        ),
    ] {
        let facts = facts(mandate(field));
        assert_eq!(code(&request(money(1_000, "USD")), &facts), ReasonCode::Allowed);
        assert_eq!(code(&request(money(1_001, "USD")), &facts), reason);
        assert_eq!(code(&request(money(u128::MAX, "USD")), &facts), ReasonCode::CurrencyMismatch);
    }
}

#[test]
fn what_is_held_and_settled_counts_and_what_is_left_is_said() {
    let mut facts = facts(mandate(json!({
        "window": { "durationMs": 3_600_000, "cap": { "amount": "500", "currency": "USD" }, "maxCount": 3 },
    })));
    let usage = &mut facts.claimed.as_mut().unwrap().usage;
    usage.total = Budget { reserved: 1_000_000, settled: 5_000_000 };
    (usage.held_count, usage.window_units, usage.window_count) = (1, 2_000_000, 1);
    let allowed = judged(&request(money(200, "USD")), &facts);
    assert_eq!(allowed.reason_code, ReasonCode::Allowed);
    assert_eq!(
        allowed.remaining,
        [
            "cap: 2 USD of 10 USD left",
            "window of 1 h: 0 USD of 5 USD left",
            "window of 1 h: 0 of 3 payments left",
        ]
    );
    let denied = judged(&request(money(201, "USD")), &facts);
    assert_eq!(denied.reason_code, ReasonCode::WindowCap);
    assert_eq!(denied.would_pass.as_deref(), Some("at most 2 USD"));
    assert_eq!(denied.remaining[0], "cap: 4 USD of 10 USD left");
    facts.claimed.as_mut().unwrap().usage.window_count = 2;
    assert_eq!(code(&request(money(1, "USD")), &facts), ReasonCode::WindowCount);
    // Its own part does not count against a payment that is looked at again.
    facts.stage = Stage::Approved;
    let claimed = facts.claimed.as_mut().unwrap();
    claimed.held = Some(Charge { currency: "USD".parse().unwrap(), units: 1_000_000 });
    assert_eq!(code(&request(money(100, "USD")), &facts), ReasonCode::Approved);
    facts.claimed.as_mut().unwrap().usage.total.settled = u128::MAX - 1_000_000;
    assert_eq!(code(&request(money(100, "USD")), &facts), ReasonCode::MandateCap);
}

/// The numbers of another agent's mandate are not this agent's to see, nor what else it allows.
#[test]
fn of_another_agents_mandate_nothing_is_said_but_that() {
    let body = json!({
        "agentId": "bob", "rails": ["acp"], "allowedPayees": ["nobody"], "perTxnCap": { "amount": "1", "currency": "USD" },
    });
    let decision = judged(&request(money(200, "USD")), &facts(mandate(body)));
    assert_eq!(decision.reason_code, ReasonCode::MandateOtherAgent);
    let told: Vec<&str> = decision.rules.iter().map(|rule| &*rule.rule).collect();
    let last = told.iter().position(|rule| *rule == "mandate_exists").unwrap();
    assert_eq!(told[last + 1..], ["mandate_agent"]);
    assert!(decision.remaining.is_empty() && decision.charge.is_none());
}

/// Hole 1: another currency was never compared with anything, and an approval let it through.
#[test]
fn another_currency_is_denied_whoever_approves() {
    for stage in [Stage::New, Stage::Approved] {
        let mut facts = Facts { stage, ..facts(mandate(json!({}))) };
        assert_eq!(code(&request(money(1, "EUR")), &facts), ReasonCode::CurrencyMismatch);
        assert_eq!(code(&request(money(1, "XNO")), &facts), ReasonCode::CurrencyMismatch);
        facts.claimed.as_mut().unwrap().revoked = true;
        let huge = request(money(10u128.pow(12), "USDC"));
        assert_eq!(code(&huge, &facts), ReasonCode::MandateRevoked);
    }
}

#[test]
fn a_pegged_currency_counts_to_the_millionth() {
    let mut facts = facts(mandate(json!({})));
    facts.claimed.as_mut().unwrap().usage.total.settled = 9_999_000;
    let allowed = judged(&request(money(1_000, "USDC")), &facts);
    let charge = Charge { currency: "USD".parse().unwrap(), units: 1_000 };
    assert_eq!((allowed.reason_code, allowed.charge), (ReasonCode::Allowed, Some(charge)));
    assert_eq!(code(&request(money(1_001, "USDC")), &facts), ReasonCode::MandateCap);
    let unpegged = Policy { pegs: Pegs::new(), ..policy() };
    let denied = decide(&unpegged, &request(money(1, "USDC")), &facts);
    assert_eq!(denied.reason_code, ReasonCode::CurrencyMismatch);
}

/// Hole 3: pins of merchants were skipped where there was no cart.
#[test]
fn merchant_pins_need_a_verified_cart() {
    for pin in [
        json!({ "allowedMerchants": ["grocer-1"] }),
        json!({ "allowedMerchantDomains": ["Shop.RealGrocer.com"] }),
    ] {
        let facts = facts(mandate(pin));
        let mut asked = request(money(5, "USD"));
        asked.payee.label = Some("grocer-1".into());
        assert_eq!(code(&asked, &facts), ReasonCode::MerchantUnverified);
        asked.cart = Some(cart(money(5, "USD"), None));
        assert_eq!(code(&asked, &facts), ReasonCode::Allowed);
        let mut other = cart(money(5, "USD"), None);
        (other.merchant_id, other.merchant_domain) = ("evil".into(), "evil.example".into());
        asked.cart = Some(other);
        assert_eq!(code(&asked, &facts), ReasonCode::MerchantNotAllowed);
        asked.cart = Some(cart(money(6, "USD"), None));
        assert_eq!(code(&asked, &facts), ReasonCode::CartMismatch);
    }
}

#[test]
fn an_agents_claim_may_block_and_never_allow() {
    let pinned = facts(mandate(json!({ "allowedCategories": ["Groceries"] })));
    let mut asked = request(money(5, "USD"));
    asked.claims.category = Some("groceries".into());
    assert_eq!(code(&asked, &pinned), ReasonCode::CategoryUnknown);
    let known = Facts { payee_category: Some(" GROCERIES ".into()), ..pinned.clone() };
    assert_eq!(code(&asked, &known), ReasonCode::Allowed);
    let other = Facts { payee_category: Some("toys".into()), ..pinned };
    assert_eq!(code(&asked, &other), ReasonCode::CategoryNotAllowed);

    let blocking = facts(mandate(json!({ "blockedCategories": ["alcohol"] })));
    assert_eq!(code(&asked, &blocking), ReasonCode::Allowed);
    asked.claims.category = Some("Alcohol".into());
    assert_eq!(code(&asked, &blocking), ReasonCode::CategoryBlocked);
    asked.claims = Claims::default();
    asked.claims.line_items = cart(money(5, "USD"), Some("alcohol ")).line_items;
    assert_eq!(code(&asked, &blocking), ReasonCode::CategoryBlocked);
    let by_owner = Facts { payee_category: Some("alcohol".into()), ..blocking };
    assert_eq!(code(&request(money(5, "USD")), &by_owner), ReasonCode::CategoryBlocked);
}

#[test]
fn every_item_of_a_cart_needs_its_category() {
    let pinned = facts(mandate(json!({ "allowedCategories": ["food"] })));
    let mut asked = request(money(5, "USD"));
    asked.cart = Some(cart(money(5, "USD"), Some("food")));
    assert_eq!(code(&asked, &pinned), ReasonCode::Allowed);
    let unnamed = cart(money(0, "USD"), None).line_items;
    asked.cart.as_mut().unwrap().line_items.extend(unnamed);
    assert_eq!(code(&asked, &pinned), ReasonCode::CategoryUnknown);
    let by_owner = Facts { merchant_category: Some("food".into()), ..pinned };
    assert_eq!(code(&asked, &by_owner), ReasonCode::Allowed);
    asked.cart.as_mut().unwrap().line_items.clear();
    assert_eq!(code(&asked, &by_owner), ReasonCode::Allowed);
}

#[test]
fn an_item_is_capped_by_cart_claim_and_whole() {
    let facts = facts(mandate(json!({ "perItemCap": { "amount": "4", "currency": "USD" } })));
    let mut asked = request(money(8, "USD"));
    assert_eq!(code(&asked, &facts), ReasonCode::PerItemCap, "no cart: the whole is one item");
    // Saying that there are two does not make it so.
    asked.claims.line_items = vec![cart(money(4, "USD"), None).line_items[0].clone(); 2];
    assert_eq!(code(&asked, &facts), ReasonCode::PerItemCap);
    let mut two = cart(money(4, "USD"), None);
    two.line_items.push(two.line_items[0].clone());
    two.total = money(8, "USD");
    asked.cart = Some(two);
    assert_eq!(code(&asked, &facts), ReasonCode::Allowed);
    asked.claims.line_items[0].unit_amount = Some(money(5, "USD"));
    assert_eq!(code(&asked, &facts), ReasonCode::PerItemCap, "a claim may still forbid");
    asked.claims.line_items[0].unit_amount = Some(money(1, "EUR"));
    assert_eq!(code(&asked, &facts), ReasonCode::PerItemCap, "what cannot be compared forbids");
}

#[test]
fn agents_payees_rails_and_times_are_pinned() {
    let xrb = PAYEE.replace("nano_", "xrb_");
    let mut asked = request(money(5, "USD"));
    assert_eq!(
        code(&asked, &facts(mandate(json!({ "allowedPayees": [xrb] })))),
        ReasonCode::Allowed
    );
    asked.payee.address = "https://api.example.com".into();
    let payees = facts(mandate(json!({ "allowedPayees": [PAYEE] })));
    assert_eq!(code(&asked, &payees), ReasonCode::PayeeNotAllowed);
    let rails = facts(mandate(json!({ "rails": ["acp", "x402"] })));
    assert_eq!(code(&asked, &rails), ReasonCode::RailNotAllowed);

    let agent = facts(mandate(json!({ "agentId": "a" })));
    assert_eq!(code(&asked, &agent), ReasonCode::MandateOtherAgent);
    assert!(judged(&asked, &agent).remaining.is_empty(), "another's budget is nobody's business");
    asked.agent_id = Some("b".into());
    assert_eq!(code(&asked, &agent), ReasonCode::MandateOtherAgent);
    asked.agent_id = Some("a".into());
    let own = judged(&asked, &agent);
    assert_eq!((own.reason_code, own.remaining.len()), (ReasonCode::Allowed, 1));
    let anybodys = judged(&asked, &facts(mandate(json!({}))));
    assert_eq!(anybodys.remaining, own.remaining);

    for (expires, reason) in [
        ("2026-11-21T08:00:00.001Z", ReasonCode::Allowed),
        ("2026-11-21T08:00:00Z", ReasonCode::MandateExpired),
    ] {
        let facts = facts(mandate(json!({ "expiresAt": expires })));
        assert_eq!(code(&asked, &facts), reason);
    }
    for (zone, reason) in
        [("UTC", ReasonCode::Allowed), ("-00:01", ReasonCode::OutsideAllowedHours)]
    {
        let hours = json!({ "from": "08:00", "to": "18:00", "timeZone": zone, "days": ["sat"] });
        let facts = facts(mandate(json!({ "allowedHours": hours })));
        assert_eq!(code(&asked, &facts), reason, "{zone}");
    }
}

#[test]
fn every_broken_rule_is_shown_and_the_first_is_the_reason() {
    let asked = Request { agent_id: Some("a".into()), ..request(money(5_000, "USD")) };
    let facts = facts(mandate(json!({
        "agentId": "a", "rails": ["acp"], "allowedMerchants": ["x"], "allowedCategories": ["y"],
    })));
    let denied = judged(&asked, &facts);
    let broken: Vec<_> =
        denied.rules.iter().filter(|rule| !rule.pass).map(|rule| rule.rule.as_str()).collect();
    assert_eq!(broken, ["rails", "allowed_categories", "allowed_merchants", "mandate_cap"]);
    assert_eq!(denied.reason_code, ReasonCode::RailNotAllowed);
}

#[test]
fn the_owners_own_limits_hold_under_a_mandate_too() {
    let facts = facts(mandate(json!({})));
    let mut policy = policy();
    policy.mode = Mode::Tiered;
    let limits = CurrencyLimits { hard_limit: 100, auto_approve: 10 };
    policy.limits.insert("USD".parse().unwrap(), limits);
    policy.limits.remove(&"USDC".parse().unwrap());
    let fall = |amount: Money| {
        let decision = decide(&policy, &request(amount), &facts);
        (decision.verdict.outcome(), decision.reason_code)
    };
    assert_eq!(fall(money(10, "USD")).0, Outcome::Allow);
    assert_eq!(fall(money(11, "USD")).0, Outcome::NeedsApproval);
    assert_eq!(fall(money(101, "USD")), (Outcome::Deny, ReasonCode::HardLimit));
    assert_eq!(fall(money(100_000, "USDC")).0, Outcome::Allow);
    assert_eq!(fall(money(100_001, "USDC")).0, Outcome::NeedsApproval);
    assert_eq!(fall(money(1_000_001, "USDC")), (Outcome::Deny, ReasonCode::HardLimit));
}

/// The longest lists there can be, in a denial that quotes all of them, must not outgrow a ledger event.
#[test]
fn a_decision_fits_its_event_however_long_the_lists_are() {
    let words = |len: usize| -> Vec<String> { (0..100).map(|n| format!("{n:\"<len$}")).collect() };
    let facts =
        facts(mandate(json!({ "allowedMerchants": words(38), "allowedCategories": words(38) })));
    let mut asked = request(money(5, "USD"));
    let item = |n: usize| LineItem {
        name: "\"".repeat(crate::limits::LABEL_BYTES),
        quantity: 1,
        unit_amount: None,
        category: Some(format!("{n:\"<len$}", len = crate::limits::LABEL_BYTES)),
    };
    asked.claims.line_items = (0..crate::limits::LINE_ITEMS).map(item).collect();
    asked.cart =
        Some(Cart { line_items: asked.claims.line_items.clone(), ..cart(money(5, "USD"), None) });
    let denied = judged(&asked, &facts);
    let bytes = serde_json::to_vec(&(&denied.rules, &denied.reason, &denied.would_pass)).unwrap();
    assert!(bytes.len() < 8_192, "{} bytes", bytes.len());
    asked.cart = None;
    let bytes = serde_json::to_vec(&asked).unwrap().len();
    assert!(bytes < crate::limits::EVENT_BYTES - 4_096, "{bytes} bytes");
}

#[test]
fn a_list_is_shown_up_to_its_bound() {
    let most = crate::limits::RULE_LIST_BYTES;
    let of = |lengths: &[usize]| {
        let words = lengths.iter().enumerate().map(|(n, len)| format!("{n:x<len$}"));
        super::list(&words.collect())
    };
    assert_eq!(of(&[most]).len(), most);
    assert_eq!(of(&[most + 1]), "1 entries");
    assert!(of(&[most - 12, 10]).ends_with(", 1xxxxxxxxx"));
    assert!(of(&[most - 11, 10]).ends_with(" and 1 more"));
}

/// A seller of HTTP resources is on the list by its URL, its origin or its host, and by nothing that looks like them.
#[test]
fn a_seller_is_known_by_url_origin_or_host() {
    let terms = Terms {
        scheme: "exact".to_owned(),
        network: "eip155:8453".to_owned(),
        asset: "0xa".to_owned(),
        pay_to: "0xb".to_owned(),
    };
    let mut asked = request(money(5, "USD"));
    asked.payee.address = "https://api.example.com:8443/v1".to_owned();
    asked.terms = Some(terms);
    for (listed, reason) in [
        ("https://api.example.com:8443/v1", ReasonCode::Allowed),
        ("https://api.example.com:8443", ReasonCode::Allowed),
        ("api.example.com", ReasonCode::Allowed),
        ("https://api.example.com:8443/v", ReasonCode::PayeeNotAllowed),
        ("https://api.example.com", ReasonCode::PayeeNotAllowed),
        ("example.com", ReasonCode::PayeeNotAllowed),
        ("0xb", ReasonCode::PayeeNotAllowed),
    ] {
        let facts = facts(mandate(json!({ "allowedPayees": [listed] })));
        assert_eq!(code(&asked, &facts), reason, "{listed}");
    }
    let pinned = facts(mandate(json!({ "allowedMerchantDomains": ["api.example.com"] })));
    assert_eq!(code(&asked, &pinned), ReasonCode::Allowed);
    asked.terms = None;
    assert_eq!(code(&asked, &pinned), ReasonCode::MerchantUnverified, "nobody was asked there");
    let listed = facts(mandate(json!({ "allowedPayees": ["api.example.com"] })));
    assert_eq!(code(&asked, &listed), ReasonCode::PayeeNotAllowed);
}

#[test]
fn a_cart_that_names_no_price_or_category_says_as_little_as_none() {
    let capped = facts(mandate(json!({ "perItemCap": { "amount": "4", "currency": "USD" } })));
    let pinned = facts(mandate(json!({ "allowedCategories": ["food"] })));
    let mut asked = request(money(5, "USD"));
    let mut empty = cart(money(5, "USD"), None);
    empty.line_items.clear();
    asked.cart = Some(empty);
    assert_eq!(code(&asked, &capped), ReasonCode::PerItemCap);
    assert_eq!(code(&asked, &pinned), ReasonCode::CategoryUnknown);
    // One price is not enough where another thing has none.
    let mut half = cart(money(1, "USD"), Some("food"));
    half.line_items.push(LineItem { unit_amount: None, ..half.line_items[0].clone() });
    asked.cart = Some(half);
    assert_eq!(code(&asked, &capped), ReasonCode::PerItemCap);
    assert_eq!(code(&asked, &pinned), ReasonCode::Allowed);
}

/// A peg that the owner changed meanwhile must not move what is held to another budget.
#[test]
fn what_was_set_aside_in_another_budget_is_refused_now() {
    let mut facts = Facts { stage: Stage::Approved, ..facts(mandate(json!({}))) };
    let mut held = |code: &str, units| {
        facts.claimed.as_mut().unwrap().held =
            Some(Charge { currency: code.parse().unwrap(), units });
        super::super::decide(&policy(), &request(money(100, "USD")), &facts).reason_code
    };
    assert_eq!(held("USD", 1_000_000), ReasonCode::Approved);
    assert_eq!(held("USD", 999_999), ReasonCode::CurrencyMismatch);
    assert_eq!(held("EUR", 1_000_000), ReasonCode::CurrencyMismatch);
}

#[test]
fn a_window_is_told_in_its_largest_whole_unit() {
    let of = |ms: u64| {
        let body = json!({ "window": { "durationMs": ms, "maxCount": 9 } });
        let facts = facts(mandate(body));
        let left = judged(&request(money(1, "USD")), &facts).remaining.pop().unwrap();
        left.strip_suffix(": 8 of 9 payments left").unwrap().to_owned()
    };
    for (ms, length) in [
        (1_000, "1 s"),
        (1_001, "1001 ms"),
        (60_000, "60 s"),
        (3_599_000, "3599 s"),
        (3_600_000, "1 h"),
        (3_601_000, "3601 s"),
        (86_400_000, "1 d"),
        (90_000_000, "25 h"),
        (86_400_001, "86400001 ms"),
        (604_800_000, "7 d"),
    ] {
        assert_eq!(of(ms), format!("window of {length}"), "{ms}");
    }
}
