//! The rate limits of a simulated policy: what it would refuse does not count for what comes after.
//!
//! It must never remember more times than the policy looks at.

use std::collections::{BTreeMap, VecDeque};

use crate::clock::Millis;
use crate::limits;
use crate::policy::Policy;

/// Times of requests taken within the last minute.
#[derive(Debug, Default)]
pub(super) struct Rates {
    own: BTreeMap<Option<String>, VecDeque<Millis>>,
    all: VecDeque<Millis>,
}

impl Rates {
    /// Why a request would not be taken; counts it if it would be, or if it `was_taken` whatever the policy says.
    pub(super) fn refusal(
        &mut self,
        policy: &Policy,
        agent: Option<&str>,
        at: Millis,
        was_taken: bool,
    ) -> Option<String> {
        let own = self.own.entry(agent.map(str::to_owned)).or_default();
        let limited = [
            (own, policy.payments_per_minute, ""),
            (&mut self.all, policy.payments_per_minute_overall, " by all agents together"),
        ];
        let mut taken = Vec::with_capacity(limited.len());
        for (times, limit, by_whom) in limited {
            if limit == 0 {
                continue;
            }
            while times.front().is_some_and(|first| at.since(*first) >= limits::RATE_WINDOW) {
                times.pop_front();
            }
            if times.len() >= limit as usize {
                if !was_taken {
                    return Some(format!(
                        "{} payments were asked for{by_whom} in the last 60 s; the limit is {limit}",
                        times.len()
                    ));
                }
                times.pop_front();
            }
            taken.push(times);
        }
        for times in taken {
            times.push_back(at);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_holds_so_many_and_what_is_refused_does_not_count() {
        let policy =
            Policy { payments_per_minute: 2, payments_per_minute_overall: 3, ..Policy::sandbox() };
        let mut rates = Rates::default();
        let mut ask = |agent, at| rates.refusal(&policy, agent, Millis(at), false).is_none();
        assert!(ask(Some("a"), 0) && ask(Some("a"), 1));
        assert!(!ask(Some("a"), 2), "its own limit");
        assert!(ask(Some("b"), 3));
        assert!(!ask(Some("b"), 4), "the limit of all");
        assert!(!ask(Some("a"), 59_999));
        assert!(ask(Some("a"), 60_000) && ask(Some("a"), 60_001) && !ask(Some("a"), 60_002));
    }

    #[test]
    fn without_a_limit_nothing_is_remembered() {
        let policy =
            Policy { payments_per_minute: 0, payments_per_minute_overall: 0, ..Policy::sandbox() };
        let mut rates = Rates::default();
        for at in 0..1_000 {
            assert_eq!(rates.refusal(&policy, None, Millis(at), false), None);
        }
        assert!(rates.all.is_empty() && rates.own.values().all(VecDeque::is_empty));
    }
}
