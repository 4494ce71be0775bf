//! Who is asked, and what nobody may approve.

use uuid::Uuid;

use super::*;
use crate::ids::PaymentId;
use crate::money::{Currency, Money, Raw};
use crate::policy::{Cart, Claims, Payee, Rail, Terms};

const XNO: u128 = Raw::ONE_XNO.get();

fn request(amount: u128) -> Request {
    Request {
        payment_id: PaymentId(Uuid::from_u128(7)),
        agent_id: None,
        rail: Rail::Nano,
        amount: Money::xno(Raw::new(amount)),
        payee: Payee { address: "nano_x".into(), label: None },
        mandate_id: None,
        claims: Claims::default(),
        cart: None,
        terms: None,
    }
}

fn facts(stage: Stage) -> Facts {
    Facts {
        frozen: None,
        approvals_waiting: 0,
        stage,
        now: Millis(0),
        claimed: None,
        payee_category: None,
        merchant_category: None,
        pinned: None,
    }
}

fn code(policy: &Policy, request: &Request, facts: &Facts) -> (Outcome, ReasonCode) {
    let decision = decide(policy, request, facts);
    assert!(!decision.rules.is_empty());
    (decision.verdict.outcome(), decision.reason_code)
}

#[test]
fn limits_pass_when_equal_and_fail_one_past() {
    let policy = Policy::sandbox();
    let new = facts(Stage::New);
    for (amount, outcome, reason) in [
        (1, Outcome::Allow, ReasonCode::Allowed),
        (2 * XNO, Outcome::Allow, ReasonCode::Allowed),
        (2 * XNO + 1, Outcome::NeedsApproval, ReasonCode::ApprovalRequired),
        (50 * XNO, Outcome::NeedsApproval, ReasonCode::ApprovalRequired),
        (50 * XNO + 1, Outcome::Deny, ReasonCode::HardLimit),
        (u128::MAX, Outcome::Deny, ReasonCode::HardLimit),
    ] {
        assert_eq!(code(&policy, &request(amount), &new), (outcome, reason), "{amount}");
    }
}

#[test]
fn approval_lifts_the_threshold_but_no_refusal() {
    let approved = facts(Stage::Approved);
    let policy = Policy::sandbox();
    assert_eq!(code(&policy, &request(3 * XNO), &approved).0, Outcome::Allow);
    assert_eq!(code(&policy, &request(51 * XNO), &approved).1, ReasonCode::HardLimit);
    let frozen = Facts { frozen: Some("stop".into()), ..approved };
    assert_eq!(code(&policy, &request(1), &frozen).1, ReasonCode::WalletFrozen);
}

/// Only what the owner was asked about is approved.
#[test]
fn what_waited_for_its_turn_is_allowed_and_not_approved() {
    let (queued, policy) = (facts(Stage::Queued), Policy::sandbox());
    for amount in [1, 3 * XNO] {
        let expected = (Outcome::Allow, ReasonCode::Allowed);
        assert_eq!(code(&policy, &request(amount), &queued), expected, "{amount}");
    }
    assert_eq!(code(&policy, &request(51 * XNO), &queued).1, ReasonCode::HardLimit);
    let frozen = Facts { frozen: Some("stop".into()), ..queued };
    assert_eq!(code(&policy, &request(1), &frozen).1, ReasonCode::WalletFrozen);
}

#[test]
fn another_currency_is_denied_not_asked() {
    let mut other = request(1);
    other.amount.currency = "EUR".parse::<Currency>().unwrap();
    let got = code(&Policy::sandbox(), &other, &facts(Stage::Approved));
    assert_eq!(got, (Outcome::Deny, ReasonCode::NoLimitForCurrency));
}

#[test]
fn what_a_merchant_adds_for_itself_waits_for_the_owner_however_little_it_is() {
    let one = Money::xno(Raw::new(1));
    let bought = |surcharge| {
        let mut bought = request(5);
        bought.cart = Some(Cart {
            merchant_id: "shop".to_owned(),
            merchant_domain: "shop.example".to_owned(),
            line_items: Vec::new(),
            total: bought.amount,
            surcharge,
        });
        bought
    };
    let full = limits::APPROVALS_WAITING;
    for mode in [Mode::Tiered, Mode::Autonomous] {
        let policy = Policy { mode, ..Policy::sandbox() };
        let new = facts(Stage::New);
        assert_eq!(code(&policy, &bought(None), &new).1, ReasonCode::Allowed);
        let decision = decide(&policy, &bought(Some(one)), &new);
        assert_eq!(decision.reason_code, ReasonCode::ApprovalRequired);
        let words = format!("the merchant adds {one} of fees or wrapping");
        assert_eq!(decision.reason, words);
        assert!(decision.rules.iter().any(|rule| rule.rule == "no_surcharge" && !rule.pass));
        let approved = facts(Stage::Approved);
        assert_eq!(code(&policy, &bought(Some(one)), &approved).1, ReasonCode::Approved);
        let crowded = Facts { approvals_waiting: full, ..new };
        let asked = code(&policy, &bought(Some(one)), &crowded);
        assert_eq!(asked, (Outcome::Deny, ReasonCode::ApprovalsFull));
    }
}

#[test]
fn an_unknown_mandate_is_denied_in_every_mode() {
    for mode in [Mode::ApproveEvery, Mode::Tiered, Mode::Autonomous] {
        let policy = Policy { mode, ..Policy::sandbox() };
        let mut claimed = request(1);
        claimed.mandate_id = Some("nope".into());
        for stage in [Stage::New, Stage::Approved] {
            let got = code(&policy, &claimed, &facts(stage));
            assert_eq!(got, (Outcome::Deny, ReasonCode::UnknownMandate));
        }
    }
}

#[test]
fn live_asks_for_everything() {
    let got = code(&Policy::live(), &request(1), &facts(Stage::New));
    assert_eq!(got, (Outcome::NeedsApproval, ReasonCode::ApprovalRequired));
}

#[test]
fn modes_differ_only_in_who_is_asked() {
    let every = Policy { mode: Mode::ApproveEvery, ..Policy::sandbox() };
    assert_eq!(code(&every, &request(1), &facts(Stage::New)).0, Outcome::NeedsApproval);
    let alone = Policy { mode: Mode::Autonomous, ..Policy::sandbox() };
    assert_eq!(code(&alone, &request(50 * XNO), &facts(Stage::New)).0, Outcome::Allow);
}

#[test]
fn the_approvals_queue_has_an_end() {
    let policy = Policy::sandbox();
    let last = Facts { approvals_waiting: limits::APPROVALS_WAITING - 1, ..facts(Stage::New) };
    assert_eq!(code(&policy, &request(3 * XNO), &last).0, Outcome::NeedsApproval);
    let full = Facts { approvals_waiting: limits::APPROVALS_WAITING, ..facts(Stage::New) };
    assert_eq!(code(&policy, &request(3 * XNO), &full).1, ReasonCode::ApprovalsFull);
}

#[test]
fn a_grant_is_for_one_amount_and_payee() {
    let take = || match decide(&Policy::sandbox(), &request(5), &facts(Stage::New)).verdict {
        Verdict::Allow(grant) => grant,
        other => panic!("{other:?}"),
    };
    let five = Money::xno(Raw::new(5));
    assert_eq!(take().consume(five, "nano_x").unwrap(), PaymentId(Uuid::from_u128(7)));
    assert!(take().consume(Money::xno(Raw::new(6)), "nano_x").is_err());
    assert!(take().consume(five, "nano_y").is_err());
}

#[test]
fn a_seller_that_wants_its_money_elsewhere_waits_for_the_owner() {
    let mut asked = request(5);
    let terms = |pay_to: &str| Terms {
        scheme: "exact".to_owned(),
        network: "eip155:8453".to_owned(),
        asset: "0xa".to_owned(),
        pay_to: pay_to.to_owned(),
    };
    for mode in [Mode::Tiered, Mode::Autonomous] {
        let policy = Policy { mode, ..Policy::sandbox() };
        let before =
            |pinned: Option<&str>| Facts { pinned: pinned.map(str::to_owned), ..facts(Stage::New) };
        asked.terms = Some(terms("0xb"));
        for known in [None, Some("0xb")] {
            assert_eq!(code(&policy, &asked, &before(known)).1, ReasonCode::Allowed, "{known:?}");
        }
        asked.terms = Some(terms("0xc"));
        let decision = decide(&policy, &asked, &before(Some("0xb")));
        assert_eq!(decision.reason_code, ReasonCode::ApprovalRequired);
        assert_eq!(decision.reason, "the seller was paid at 0xb before and wants 0xc now");
        let broken: Vec<_> = decision.rules.iter().filter(|rule| !rule.pass).collect();
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].rule, "pinned_recipient");
        let approved = Facts { stage: Stage::Approved, ..before(Some("0xb")) };
        assert_eq!(code(&policy, &asked, &approved).1, ReasonCode::Approved);
        // Who names no place but is paid directly has nothing to move.
        asked.terms = None;
        assert_eq!(code(&policy, &asked, &before(Some("0xb"))).1, ReasonCode::Allowed);
    }
}

#[test]
fn without_a_mandate_the_owner_decides_where_one_is_required() {
    let policy = Policy { require_mandate: true, mode: Mode::Autonomous, ..Policy::sandbox() };
    let decision = decide(&policy, &request(1), &facts(Stage::New));
    assert_eq!(decision.verdict.outcome(), Outcome::NeedsApproval);
    assert_eq!(decision.reason, "no mandate covers it");
}

#[test]
fn a_decision_is_written_in_the_words_of_its_event() {
    for outcome in [Outcome::Allow, Outcome::NeedsApproval, Outcome::Deny] {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
    }
}

#[test]
fn a_cart_of_another_currency_or_a_higher_price_is_refused() {
    let bought = |total: Money| {
        let mut bought = request(5);
        bought.cart = Some(Cart {
            merchant_id: "shop".to_owned(),
            merchant_domain: "shop.example".to_owned(),
            line_items: Vec::new(),
            total,
            surcharge: None,
        });
        code(&Policy::sandbox(), &bought, &facts(Stage::Approved)).1
    };
    let dollars = |amount| Money { amount, currency: "USD".parse().unwrap() };
    for (total, reason) in [
        (Money::xno(Raw::new(4)), ReasonCode::Approved),
        (Money::xno(Raw::new(5)), ReasonCode::Approved),
        (Money::xno(Raw::new(6)), ReasonCode::CartMismatch),
        (dollars(4), ReasonCode::CartMismatch),
        (dollars(5), ReasonCode::CartMismatch),
    ] {
        assert_eq!(bought(total), reason, "{total}");
    }
}

#[test]
#[should_panic(expected = "positive amount")]
fn nothing_is_no_payment() {
    decide(&Policy::sandbox(), &request(0), &facts(Stage::New));
}
