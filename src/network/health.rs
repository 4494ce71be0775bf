//! How one node has answered lately, and whether to ask it now.
//!
//! Nothing here may count what a node says, only whether it speaks.

use std::time::Duration;

use crate::clock::Millis;
use crate::limits;

/// Failures in a row, and the rest a node is given after too many of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Health {
    failures: u32,
    /// When the rest began and how long it is.
    rest: Option<(Millis, Duration)>,
}

impl Health {
    /// Whether to ask the node now. Of a node whose rest is over one caller is sent to see; the others are told that it
    /// rests until that caller knows more or had the time to.
    pub fn may_ask(&mut self, now: Millis) -> bool {
        match self.rest_left(now) {
            Some(_) => false,
            None => {
                if self.rest.is_some() {
                    self.rest = Some((now, limits::NODE_TIMEOUT));
                }
                true
            }
        }
    }

    /// The node answered.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// The node did not answer, or not with sense.
    pub fn failed(&mut self, now: Millis) {
        self.failures = self.failures.saturating_add(1);
        if let Some(over) = self.failures.checked_sub(limits::NODE_FAILURES) {
            let rest = limits::NODE_REST.saturating_mul(1 << over.min(16));
            self.rest = Some((now, rest.min(limits::NODE_REST_MAX)));
        }
    }

    /// How long the node is still left alone.
    pub fn rest_left(&self, now: Millis) -> Option<Duration> {
        let (since, rest) = self.rest?;
        // A clock that was set back must not make a rest longer.
        if now < since {
            return None;
        }
        rest.checked_sub(now.since(since)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000);

    fn failing(times: u32) -> Health {
        let mut health = Health::default();
        (0..times).for_each(|_| health.failed(NOW));
        health
    }

    #[test]
    fn a_node_rests_after_so_many_failures_and_no_fewer() {
        assert!(failing(limits::NODE_FAILURES - 1).may_ask(NOW));
        assert!(!failing(limits::NODE_FAILURES).may_ask(NOW));
        assert_eq!(failing(limits::NODE_FAILURES).rest_left(NOW), Some(limits::NODE_REST));
        assert_eq!(failing(u32::MAX >> 20).rest_left(NOW), Some(limits::NODE_REST_MAX));
    }

    #[test]
    fn one_caller_sees_whether_a_rested_node_is_back() {
        let mut health = failing(limits::NODE_FAILURES);
        let after = NOW.plus(limits::NODE_REST);
        assert!(!health.may_ask(Millis(after.0 - 1)));
        assert!(health.may_ask(after));
        assert!(!health.may_ask(after), "the second caller waits for the first");
        let mut back = health;
        back.answered();
        assert!(back.may_ask(after) && back.may_ask(after));
        let mut gone = health;
        gone.failed(after);
        assert_eq!(gone.rest_left(after), Some(limits::NODE_REST * 2));
        // The caller that was sent never came back.
        assert!(health.may_ask(after.plus(limits::NODE_TIMEOUT)));
    }

    #[test]
    fn a_clock_that_is_set_back_ends_the_rest() {
        assert!(failing(9).may_ask(Millis(5)));
    }
}
