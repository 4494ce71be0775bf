use proptest::prelude::*;

use super::*;
use crate::money::Raw;
use crate::nano::{Account, Link, Seed, SignedBlock, StateBlock, Subtype};
use crate::payment::{BlockIntent, PaymentHeader, Proof};

const SIGNED: Millis = Millis(1_000_000);
const DEADLINE: Millis = Millis(1_120_000);

fn block(representative: u8) -> BlockIntent {
    let key = Seed::from_bytes([7; 32]).derive(0);
    let block = StateBlock {
        account: key.account(),
        previous: BlockHash::from_bytes([1; 32]),
        representative: Account::from_bytes([representative; 32]),
        balance: Raw::new(5),
        link: Link::ZERO,
    };
    BlockIntent {
        attempt: 1,
        block: SignedBlock { block, signature: key.sign(&block.hash()), work: None },
        subtype: Subtype::Send,
        amount_raw: Raw::new(1),
        signed_at_ms: SIGNED,
    }
}

fn cheque(with_cancel: bool) -> Cheque {
    Cheque {
        sent: block(2),
        header: PaymentHeader { name: "payment-signature".into(), value: "e30=".into() },
        void_after_ms: DEADLINE,
        cancel: with_cancel.then(|| block(3)),
    }
}

fn proof() -> Presented {
    let proof = Proof::Completion { idempotency_key: "k".into(), token_key: "t".into() };
    Presented { attempt: 1, proof, made_at_ms: SIGNED, valid_until_ms: DEADLINE }
}

fn intent(intent: Intent) -> State {
    State::Intent(Box::new(intent))
}

fn network(sight: Sight, now: Millis, published: Option<Millis>) -> Observation {
    Observation::Network { sight, now, published }
}

fn payee(seen: Seen, now: Millis, handed: Option<Handed>) -> Observation {
    Observation::Payee { seen, now, handed }
}

fn paid() -> Seen {
    Seen::Paid(Reference::try_from("0xabc".to_owned()).unwrap())
}

#[test]
fn a_proof_is_handed_over_again_until_its_end_and_then_only_looked_for() {
    let open = intent(Intent::Presented(proof()));
    let at = |now, handed| step(&open, &payee(Seen::Open, now, handed));
    assert_eq!(at(SIGNED, None), Effect::Present);
    let handed = |times, last| Some(Handed { times, last });
    let soon = SIGNED.plus(limits::PRESENT_AGAIN);
    assert_eq!(at(SIGNED.plus(Duration::from_millis(1)), handed(1, SIGNED)), Effect::Wait);
    assert_eq!(at(soon, handed(1, SIGNED)), Effect::Present);
    assert_eq!(at(soon, handed(2, SIGNED)), Effect::Wait);
    assert_eq!(at(SIGNED.plus(limits::PRESENT_AGAIN * 2), handed(2, SIGNED)), Effect::Present);
    assert_eq!(at(Millis(DEADLINE.0 - 1), None), Effect::Present);
    assert_eq!(at(DEADLINE, None), Effect::MarkUnknown, "worth nothing any more, and not known");
    let unknown = State::Unknown(Box::new(Intent::Presented(proof())));
    assert_eq!(step(&unknown, &payee(Seen::Open, DEADLINE, None)), Effect::Wait);
    assert_eq!(step(&unknown, &payee(Seen::Refused, DEADLINE, None)), Effect::Wait);
    assert_eq!(step(&unknown, &payee(Seen::Void, DEADLINE, None)), Effect::Release);
    assert_eq!(step(&unknown, &payee(paid(), DEADLINE, None)), Effect::Settle);
}

#[test]
fn a_payee_that_says_no_is_not_asked_again_and_not_believed() {
    let open = intent(Intent::Presented(proof()));
    assert_eq!(step(&open, &payee(Seen::Refused, SIGNED, None)), Effect::Wait);
}

#[test]
fn a_cheque_goes_to_its_payee_until_the_deadline_and_is_voided_after_it() {
    let open = intent(Intent::Cheque(cheque(false)));
    let again = SIGNED.plus(limits::PRESENT_CHEQUE_AGAIN);
    for (now, published, effect) in [
        (SIGNED, None, Effect::Present),
        (Millis(again.0 - 1), Some(SIGNED), Effect::Wait),
        (again, Some(SIGNED), Effect::Present),
        (Millis(DEADLINE.0 - 1), None, Effect::Present),
        (DEADLINE, None, Effect::Cancel),
        (DEADLINE, Some(DEADLINE), Effect::Cancel),
    ] {
        assert_eq!(step(&open, &network(Sight::Absent, now, published)), effect, "{now:?}");
    }
}

#[test]
fn a_cheque_on_the_network_is_a_block_like_any_other() {
    let open = intent(Intent::Cheque(cheque(true)));
    let known = |confirmed| network(Sight::Known { confirmed }, DEADLINE, None);
    assert_eq!(step(&open, &known(true)), Effect::Settle);
    assert_eq!(step(&open, &known(false)), Effect::Publish { with_subtype: false });
    for sight in [Sight::Silent, Sight::PreviousGone] {
        assert_eq!(step(&open, &network(sight, DEADLINE, None)), Effect::Wait);
    }
}

#[test]
fn a_dead_cheque_is_released_and_never_signed_anew() {
    let open = intent(Intent::Cheque(cheque(true)));
    let cancel = block(3).hash();
    let other = BlockHash::from_bytes([9; 32]);
    for (hash, kind, confirmed, effect) in [
        (cancel, RivalKind::Ours, false, Effect::Cancel),
        (cancel, RivalKind::Ours, true, Effect::Release),
        (other, RivalKind::Epoch, false, Effect::Wait),
        (other, RivalKind::Epoch, true, Effect::Release),
        (other, RivalKind::Foreign, false, Effect::Wait),
        (other, RivalKind::Foreign, true, Effect::Abandon(other)),
    ] {
        let rival = Sight::Rival(Rival { hash, confirmed, kind });
        assert_eq!(step(&open, &network(rival, DEADLINE, None)), effect, "{kind:?} {confirmed}");
    }
}

#[test]
fn observations_of_another_kind_change_nothing() {
    let seen = payee(Seen::Void, DEADLINE, None);
    assert_eq!(step(&intent(Intent::Block(block(2))), &seen), Effect::Wait);
    assert_eq!(step(&intent(Intent::Cheque(cheque(false))), &seen), Effect::Wait);
    let sight = network(Sight::Known { confirmed: true }, SIGNED, None);
    assert_eq!(step(&intent(Intent::Presented(proof())), &sight), Effect::Wait);
}

#[test]
fn what_was_signed_folds_from_before_there_were_kinds() {
    let plain = serde_json::to_value(block(2)).unwrap();
    let read: Intent = serde_json::from_value(plain.clone()).unwrap();
    assert_eq!(read, Intent::Block(block(2)));
    assert_eq!(serde_json::to_value(&read).unwrap(), plain);
    for other in
        [Intent::Cheque(cheque(true)), Intent::Cheque(cheque(false)), Intent::Presented(proof())]
    {
        let text = serde_json::to_string(&other).unwrap();
        assert_eq!(serde_json::from_str::<Intent>(&text).unwrap(), other);
    }
    let mut strange = plain;
    strange["more"] = serde_json::json!(1);
    assert!(serde_json::from_value::<Intent>(strange).is_err());
}

fn any_seen() -> impl Strategy<Value = Seen> {
    prop_oneof![Just(paid()), Just(Seen::Void), Just(Seen::Refused), Just(Seen::Open)]
}

fn any_rival() -> impl Strategy<Value = Sight> {
    let kinds =
        prop_oneof![Just(RivalKind::Ours), Just(RivalKind::Epoch), Just(RivalKind::Foreign)];
    let hashes = prop_oneof![Just(block(3).hash()), Just(BlockHash::from_bytes([9; 32]))];
    let rival = (hashes, any::<bool>(), kinds);
    rival.prop_map(|(hash, confirmed, kind)| Sight::Rival(Rival { hash, confirmed, kind }))
}

fn any_sight() -> impl Strategy<Value = Sight> {
    prop_oneof![
        any::<bool>().prop_map(|confirmed| Sight::Known { confirmed }),
        Just(Sight::Absent),
        Just(Sight::PreviousGone),
        Just(Sight::Silent),
        any_rival(),
    ]
}

proptest! {
    #[test]
    fn a_proof_ends_only_on_proof(seen in any_seen(), now in 0_u64..3_000_000, times: u32,
            last in 0_u64..3_000_000, unknown: bool, was_handed: bool) {
        let state = match unknown {
            true => State::Unknown(Box::new(Intent::Presented(proof()))),
            false => intent(Intent::Presented(proof())),
        };
        let handed = was_handed.then_some(Handed { times, last: Millis(last) });
        let effect = step(&state, &payee(seen.clone(), Millis(now), handed));
        prop_assert_eq!(effect == Effect::Settle, matches!(seen, Seen::Paid(_)));
        prop_assert_eq!(effect == Effect::Release, seen == Seen::Void);
        let is_new = matches!(effect, Effect::Sign | Effect::Retry(_) | Effect::Publish { .. });
        prop_assert!(!is_new);
        if effect == Effect::Present {
            prop_assert!(now < DEADLINE.0 && seen == Seen::Open);
        }
    }

    #[test]
    fn a_cheque_is_never_signed_anew_and_released_only_by_a_confirmed_rival(sight in any_sight(),
            now in 0_u64..3_000_000, published in proptest::option::of(0_u64..3_000_000),
            with_cancel: bool) {
        let state = intent(Intent::Cheque(cheque(with_cancel)));
        let effect = step(&state, &network(sight.clone(), Millis(now), published.map(Millis)));
        let is_new = matches!(effect, Effect::Sign | Effect::Retry(_));
        prop_assert!(!is_new);
        let dead = matches!(sight, Sight::Rival(Rival { confirmed: true, .. }));
        prop_assert_eq!(matches!(effect, Effect::Release | Effect::Abandon(_)), dead);
        prop_assert_eq!(effect == Effect::Settle, sight == Sight::Known { confirmed: true });
        if effect == Effect::Cancel && sight == Sight::Absent {
            prop_assert!(now >= DEADLINE.0);
        }
        let is_first = matches!(effect, Effect::Publish { with_subtype: true });
        prop_assert!(!is_first, "the payee publishes it first");
    }
}
