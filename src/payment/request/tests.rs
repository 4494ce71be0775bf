//! Whatever is asked and whatever comes: one send, one request, and never for less.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn claim(n: u128, asked: u128, amount: u128, created: u64, expires: u64) -> Claim {
    Claim {
        request_id: RequestId(Uuid::from_u128(n)),
        asked_raw: Raw::new(asked),
        amount_raw: Raw::new(amount),
        created_at_ms: Millis(created),
        expires_at_ms: Millis(expires),
        before: Vec::new(),
    }
}

fn arrival(amount: u128, at: u64) -> Arrival {
    Arrival { block_hash: BlockHash::from_bytes([7; 32]), amount: Raw::new(amount), at: Millis(at) }
}

fn claims(all: &[Claim], amount: u128) -> Claims {
    Claims {
        exact: all.iter().find(|claim| claim.amount_raw.get() == amount).cloned(),
        asked: all.iter().filter(|claim| claim.asked_raw.get() == amount).cloned().collect(),
        only: match all {
            [only] => Some(only.clone()),
            _ => None,
        },
    }
}

fn judge(all: &[Claim], amount: u128, at: u64) -> Option<(u128, Fit, bool)> {
    let found = claims(all, amount).settled_by(&arrival(amount, at));
    found.map(|found| (found.request_id.0.as_u128(), found.fit, found.late))
}

#[test]
fn a_suffix_is_a_billionth_and_the_first_and_last_are_the_bounds() {
    let asked = Raw::from_xno("1.5").unwrap();
    let own = |random, taken: &BTreeSet<Raw>| {
        own_amount::<Infallible>(asked, random, |amount| Ok(taken.contains(&amount))).unwrap()
    };
    let mut taken = BTreeSet::new();
    assert_eq!(own(53, &taken).unwrap().to_xno(), "1.500000054");
    assert_eq!(own(0, &taken).unwrap().to_xno(), "1.500000001");
    let last = own(limits::REQUEST_SUFFIXES - 1, &taken).unwrap();
    assert_eq!(last.to_xno(), "1.500099999");
    taken.insert(last);
    assert_eq!(own(limits::REQUEST_SUFFIXES - 1, &taken).unwrap().to_xno(), "1.500000001");
    taken
        .extend((0..limits::REQUEST_SUFFIXES).map(|random| own(random, &BTreeSet::new()).unwrap()));
    assert_eq!(taken.len(), limits::REQUEST_SUFFIXES as usize);
    assert_eq!(own(5, &taken), None);
    let small = |random| {
        let own = own_amount::<Infallible>(Raw::from_xno("0.001").unwrap(), random, |_| Ok(false));
        own.unwrap().unwrap().to_xno()
    };
    assert_eq!((small(999).as_str(), small(1_000).as_str()), ("0.001001", "0.001000001"));
    let most = own_amount::<Infallible>(Raw::MAX, 0, |_| Ok(false)).unwrap();
    assert_eq!(most, None);
}

/// However few are tried first, and whatever is drawn: once they are taken the next one above them is given out.
#[test]
fn no_suffix_is_left_out() {
    for (asked, few) in [(Raw::new(1), 99), (Raw::from_xno("0.000123").unwrap(), 123)] {
        for random in [0, 1, few - 1, few, u32::MAX] {
            let mut taken = BTreeSet::new();
            for given in 1..=few + 3 {
                let own = own_amount::<Infallible>(asked, random, |a| Ok(taken.contains(&a)));
                let own = own.unwrap().unwrap();
                let k = own.checked_sub(asked).unwrap().get() / SUFFIX.get();
                assert!(if given <= few { k <= few.into() } else { k == given.into() }, "{k}");
                assert!(k > 0 && taken.insert(own), "{k}");
            }
        }
    }
}

#[test]
fn the_last_suffix_is_given_out_and_none_past_it() {
    for asked in ["0.000123", "0.1", "200"].map(|xno| Raw::from_xno(xno).unwrap()) {
        let last = SUFFIX.get() * u128::from(limits::REQUEST_SUFFIXES);
        let last = asked.checked_add(Raw::new(last)).unwrap();
        for random in [0, 7, u32::MAX] {
            let own = own_amount::<Infallible>(asked, random, |amount| Ok(amount != last));
            assert_eq!(own, Ok(Some(last)));
            let none = own_amount::<Infallible>(asked, random, |amount| Ok(amount <= last));
            assert_eq!(none, Ok(None));
        }
    }
}

#[test]
fn a_suffix_passes_up_to_the_most_there_is_and_not_one_past_it() {
    let own = |asked: u128| {
        own_amount::<Infallible>(Raw::new(asked), 0, |_| Ok(false)).unwrap().map(Raw::get)
    };
    let most = u128::MAX - SUFFIX.get();
    assert_eq!(own(most), Some(u128::MAX));
    assert_eq!((own(most + 1), own(u128::MAX)), (None, None));
    assert_eq!(own(0), Some(SUFFIX.get()));
}

#[test]
fn every_case_is_told_apart() {
    let one = [claim(1, 1_000, 1_007, 100_000, 200_000)];
    assert_eq!(judge(&one, 1_007, 200_000), Some((1, Fit::Exact, false)));
    assert_eq!(judge(&one, 1_007, 200_001), Some((1, Fit::Exact, true)));
    assert_eq!(judge(&one, 1_000, 200_000), Some((1, Fit::Asked, false)));
    assert_eq!(judge(&one, 1_000, 200_001), None);
    assert_eq!(judge(&one, 999, 150_000), Some((1, Fit::Under, false)));
    assert_eq!(judge(&one, 10, 150_000), Some((1, Fit::Under, false)));
    assert_eq!(judge(&one, 9, 150_000), None, "dust");
    assert_eq!(judge(&one, 1_001, 150_000), Some((1, Fit::Over, false)));
    assert_eq!(judge(&one, 1_008, 150_000), Some((1, Fit::Over, false)));
    assert_eq!(judge(&one, 999, 200_001), None);
    let two = [one[0].clone(), claim(2, 1_000, 1_013, 100_000, 200_000)];
    assert_eq!(judge(&two, 1_013, 150_000), Some((2, Fit::Exact, false)));
    assert_eq!(judge(&two, 1_000, 150_000), None, "either could be meant");
    assert_eq!(judge(&two, 5, 150_000), None);
}

#[test]
fn what_was_there_before_pays_nothing() {
    let mut one = claim(1, 1_000, 1_007, 100_000, 200_000);
    let slack = u64::try_from(limits::REQUEST_CLOCK_SLACK.as_millis()).unwrap();
    assert!(judge(&[one.clone()], 1_007, 100_000 - slack).is_some());
    assert_eq!(judge(&[one.clone()], 1_007, 100_000 - slack - 1), None);
    one.before = vec![BlockHash::from_bytes([7; 32])];
    assert_eq!(judge(&[one.clone()], 1_000, 150_000), None);
    // It does not hide the one that is meant.
    let other = claim(2, 1_000, 1_013, 100_000, 200_000);
    assert_eq!(judge(&[one, other], 1_000, 150_000), Some((2, Fit::Asked, false)));
}

proptest! {
    /// Requests and payments in any order, as the books would fold them.
    #[test]
    fn no_block_pays_two_and_none_is_paid_by_less(
        asks in prop::collection::vec((1..4u128, any::<u32>(), 1..200_000u64), 1..12),
        sends in prop::collection::vec((0..40usize, 0..3u8, 0..400_000u64), 0..30),
    ) {
        let unit = SUFFIX.get() * 200_000;
        let mut open: Vec<Claim> = Vec::new();
        for (n, (units, random, time)) in asks.iter().enumerate() {
            let asked = Raw::new(units * unit);
            let taken = |amount| {
                Ok::<_, Infallible>(open.iter().any(|c| c.amount_raw == amount || c.asked_raw == amount))
            };
            let amount = own_amount(asked, *random % 5, taken).unwrap().unwrap();
            prop_assert!(amount > asked);
            prop_assert!(open.iter().all(|other| other.amount_raw != amount));
            open.push(claim(n as u128, asked.get(), amount.get(), *time, time + 100_000));
        }
        let all = open.clone();
        let mut paid: BTreeMap<RequestId, usize> = BTreeMap::new();
        for (n, (which, how, at)) in sends.iter().enumerate() {
            let meant = &all[which % all.len()];
            let amount = match how {
                0 => meant.amount_raw.get(),
                1 => meant.asked_raw.get(),
                _ => meant.asked_raw.get() - 1,
            };
            let Some(found) = claims(&open, amount).settled_by(&arrival(amount, *at)) else { continue };
            let claim = open.iter().find(|claim| claim.request_id == found.request_id).unwrap();
            match found.fit {
                Fit::Exact => prop_assert_eq!(claim.amount_raw.get(), amount),
                Fit::Asked => prop_assert_eq!(claim.asked_raw.get(), amount),
                Fit::Under => prop_assert!(amount < claim.asked_raw.get()),
                Fit::Over => prop_assert!(amount > claim.asked_raw.get()),
            }
            if matches!(found.fit, Fit::Exact | Fit::Asked) {
                prop_assert!(amount >= claim.asked_raw.get());
                prop_assert_eq!(found.late, claim.expires_at_ms < Millis(*at));
                prop_assert!(paid.insert(found.request_id, n).is_none());
                open.retain(|claim| claim.request_id != found.request_id);
            }
        }
    }
}
