use proptest::prelude::*;

use super::*;
use crate::ids::ApprovalId;
use crate::payment::Ending;
use crate::payment::samples::{DEADLINE, SIGNED, block, cheque, proof};
use crate::policy::ReasonCode;

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

fn unknown(intent: Intent) -> State {
    State::Unknown(Box::new(intent))
}

/// One of each observation, each of them such that it moves a payment on where it is awaited.
fn observations() -> [Observation; 4] {
    [
        Observation::Time(Millis(u64::MAX)),
        Observation::Lane { ready: true },
        network(Sight::Known { confirmed: true }, DEADLINE, None),
        payee(paid(), DEADLINE, None),
    ]
}

#[test]
fn what_has_ended_asks_for_nothing_whatever_is_seen() {
    let reference = Reference::from(block(2).hash());
    let released = |ending| State::Released {
        ending,
        reason_code: ReasonCode::Lapsed,
        reason: "too late".to_owned(),
    };
    let ended = [
        State::Settled { reference, at_ms: SIGNED },
        released(Ending::Denied),
        released(Ending::Failed),
    ];
    for state in ended {
        for seen in observations() {
            assert_eq!(step(&state, &seen), Effect::Nothing, "{state:?} {seen:?}");
        }
    }
}

#[test]
fn what_nobody_awaits_changes_nothing() {
    let approval_id = ApprovalId(uuid::Uuid::nil());
    let states = [
        (State::Requested, None),
        (State::Awaiting { approval_id, expires_at_ms: DEADLINE }, Some(0)),
        (State::Reserved { attempts: 0 }, Some(1)),
        (intent(Intent::Block(block(2))), Some(2)),
        (intent(Intent::Cheque(cheque(true))), Some(2)),
        (intent(Intent::Presented(proof())), Some(3)),
    ];
    for (state, awaited) in states {
        for (kind, seen) in observations().iter().enumerate() {
            let waits = step(&state, seen) == Effect::Wait;
            assert_eq!(waits, awaited != Some(kind), "{state:?} {seen:?}");
        }
    }
}

#[test]
fn a_question_lapses_when_its_time_is_up_and_no_sooner() {
    let approval_id = ApprovalId(uuid::Uuid::nil());
    let waiting = State::Awaiting { approval_id, expires_at_ms: DEADLINE };
    for (now, effect) in [
        (0, Effect::Wait),
        (DEADLINE.0 - 1, Effect::Wait),
        (DEADLINE.0, Effect::Expire),
        (DEADLINE.0 + 1, Effect::Expire),
        (u64::MAX, Effect::Expire),
    ] {
        assert_eq!(step(&waiting, &Observation::Time(Millis(now))), effect, "{now}");
    }
}

#[test]
fn a_reserved_payment_is_signed_once_its_lane_is_free() {
    for attempts in [0, 1, u32::MAX] {
        let reserved = State::Reserved { attempts };
        let lane = |ready| step(&reserved, &Observation::Lane { ready });
        assert_eq!((lane(true), lane(false)), (Effect::Sign, Effect::Wait));
    }
}

/// Every row of the table for a signed block, at each pause and one millisecond before it.
#[test]
fn a_signed_block_is_published_again_after_a_pause_and_replaced_only_when_it_is_dead() {
    let hash = BlockHash::from_bytes([9; 32]);
    let rival = |kind, confirmed| Sight::Rival(Rival { hash, confirmed, kind });
    let before = |pause: Duration| Some(pause.checked_sub(Duration::from_millis(1)).unwrap());
    let (again, lost) = (limits::REPUBLISH_EVERY, limits::REPUBLISH_LOST);
    let publish = |with_subtype| Effect::Publish { with_subtype };
    let (known, unconfirmed) =
        (Sight::Known { confirmed: true }, Sight::Known { confirmed: false });
    for (sight, published_ago, effect) in [
        (known.clone(), None, Effect::Settle),
        (known, Some(Duration::ZERO), Effect::Settle),
        (unconfirmed.clone(), None, publish(false)),
        (unconfirmed.clone(), before(again), Effect::Wait),
        (unconfirmed, Some(again), publish(false)),
        (Sight::Absent, None, publish(true)),
        (Sight::Absent, before(lost), Effect::Wait),
        (Sight::Absent, Some(lost), publish(true)),
        (rival(RivalKind::Ours, true), None, Effect::Retry(hash)),
        (rival(RivalKind::Epoch, true), None, Effect::Retry(hash)),
        (rival(RivalKind::Foreign, true), None, Effect::Abandon(hash)),
        (rival(RivalKind::Ours, false), None, Effect::Wait),
        (rival(RivalKind::Epoch, false), None, Effect::Wait),
        (rival(RivalKind::Foreign, false), None, Effect::Wait),
        (Sight::PreviousGone, None, Effect::Wait),
        (Sight::Silent, None, Effect::Wait),
    ] {
        let published = published_ago.map(|ago| Millis(SIGNED.0 - ago.as_millis() as u64));
        assert_eq!(open_block(&sight, SIGNED, published), effect, "{sight:?} {published_ago:?}");
        // A payment's own block goes by the same table, new or given up for the moment.
        for state in [intent(Intent::Block(block(2))), unknown(Intent::Block(block(2)))] {
            let seen = network(sight.clone(), SIGNED, published);
            assert_eq!(step(&state, &seen), effect, "{sight:?} {published_ago:?}");
        }
    }
}

#[test]
fn what_is_open_for_long_is_marked_once_and_goes_on_as_before() {
    let late = SIGNED.plus(limits::UNKNOWN_AFTER);
    let lasting = Presented { valid_until_ms: Millis(u64::MAX), ..proof() };
    let undated = Cheque { void_after_ms: Millis(u64::MAX), ..cheque(false) };
    let absent = |now| network(Sight::Absent, now, None);
    let open = |now| payee(Seen::Open, now, None);
    for (signed, seen, effect) in [
        (
            Intent::Block(block(2)),
            &absent as &dyn Fn(Millis) -> Observation,
            Effect::Publish { with_subtype: true },
        ),
        (Intent::Cheque(undated), &absent, Effect::Present),
        (Intent::Presented(lasting), &open, Effect::Present),
    ] {
        assert_eq!(step(&intent(signed.clone()), &seen(Millis(late.0 - 1))), effect);
        assert_eq!(step(&intent(signed.clone()), &seen(late)), Effect::MarkUnknown);
        assert_eq!(step(&unknown(signed), &seen(late)), effect);
    }
    // Only what leaves the outcome open waits for that: news are acted on at once.
    let known = network(Sight::Known { confirmed: true }, late, None);
    assert_eq!(step(&intent(Intent::Block(block(2))), &known), Effect::Settle);
    assert_eq!(step(&intent(Intent::Cheque(cheque(false))), &absent(late)), Effect::Cancel);
}

#[test]
fn the_pause_between_two_tries_stops_growing() {
    let open =
        unknown(Intent::Presented(Presented { valid_until_ms: Millis(u64::MAX), ..proof() }));
    let longest = limits::PRESENT_AGAIN * 2_u32.pow(limits::PRESENT_DOUBLINGS);
    for times in [limits::PRESENT_DOUBLINGS + 1, limits::PRESENT_DOUBLINGS + 2, u32::MAX] {
        let at = |now| step(&open, &payee(Seen::Open, now, Some(Handed { times, last: SIGNED })));
        let due = SIGNED.plus(longest);
        assert_eq!((at(Millis(due.0 - 1)), at(due)), (Effect::Wait, Effect::Present), "{times}");
    }
    // Never handed over and yet counted: as after the first time.
    let none = payee(
        Seen::Open,
        SIGNED.plus(limits::PRESENT_AGAIN),
        Some(Handed { times: 0, last: SIGNED }),
    );
    assert_eq!(step(&open, &none), Effect::Present);
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
    let unknown = unknown(Intent::Presented(proof()));
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
            last in 0_u64..3_000_000, is_unknown: bool, was_handed: bool) {
        let state = match is_unknown {
            true => unknown(Intent::Presented(proof())),
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
