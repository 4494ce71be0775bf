//! Work made by others, in the order the owner gave.
//!
//! Nothing they say is used before it was checked against its root. A peer that lies, fails or takes too long is put
//! back for a while; it must never hold up a payment longer than its time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, Millis};
use crate::limits;
use crate::nano::{Difficulty, Root, Work};
use crate::network::WorkSource;

/// Who else makes work, and when they are asked.
pub struct Peers {
    sources: Vec<Arc<dyn WorkSource>>,
    mode: WorkMode,
    clock: Arc<dyn Clock>,
    /// Until when each is left alone.
    resting: Mutex<Vec<Millis>>,
}

/// When peers are asked. A pool without peers searches on this machine alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WorkMode {
    /// One after the other; this machine searches when none of them has work.
    PeersFirst,
    /// They and this machine at the same time; the first work counts.
    Race,
}

impl Peers {
    /// The first [`limits::WORK_SOURCES`] of `sources`, in this order.
    pub fn new(
        mut sources: Vec<Arc<dyn WorkSource>>,
        mode: WorkMode,
        clock: Arc<dyn Clock>,
    ) -> Self {
        sources.truncate(limits::WORK_SOURCES);
        let resting = Mutex::new(vec![Millis::default(); sources.len()]);
        Self { sources, mode, clock, resting }
    }

    /// When they are asked.
    pub fn mode(&self) -> WorkMode {
        self.mode
    }

    /// The first work that is worth `difficulty`; `None` when nobody has any.
    pub async fn ask(&self, root: &Root, difficulty: Difficulty) -> Option<Work> {
        for (place, source) in self.sources.iter().enumerate() {
            if self.is_resting(place) {
                continue;
            }
            let answer = tokio::select! {
                answer = source.generate(*root, difficulty) => answer.map_err(|e| e.to_string()),
                () = self.clock.sleep(limits::WORK_SOURCE_WAIT) => Err("it takes too long".to_owned()),
            };
            match answer {
                Ok(work) if difficulty.is_met_by(work, root) => return Some(work),
                Ok(_) => self.rest(place, "its work is worth less than asked"),
                Err(error) => self.rest(place, &error),
            }
        }
        None
    }

    #[cfg(test)]
    pub(super) fn sources_len(&self) -> usize {
        self.sources.len()
    }

    fn is_resting(&self, place: usize) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(place).is_some_and(|until| self.clock.now() < *until)
    }

    fn rest(&self, place: usize, why: &str) {
        let source = self.sources.get(place).map(|source| source.name()).unwrap_or_default();
        tracing::warn!(source, why, "a work source is put back");
        let until = self.clock.now().plus(limits::WORK_SOURCE_REST);
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = resting.get_mut(place) {
            *place = until;
        }
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.sources.iter().map(|source| source.name()).collect();
        f.debug_struct("Peers").field("sources", &names).field("mode", &self.mode).finish()
    }
}
