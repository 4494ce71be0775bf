//! What the machine's clocks say, and the owner's word that they are right. Nothing here may count a jump as time passed.

use std::convert::Infallible;

use super::Engine;
use super::failures::{refused, store_failure, unrefused};
use crate::books::{Body, ClockAccepted, ClockRow};
use crate::clock::Millis;
use crate::failure::Failure;
use crate::ledger::Head;
use crate::store::{Refusal, StoreError};

impl Engine {
    /// How the clocks stand to each other, a jump that is not booked yet included.
    ///
    /// # Errors
    /// The store's.
    pub fn clocks(&self) -> Result<ClockRow, Failure> {
        let reading = self.clock().read();
        self.store().read(|view| view.clocks(reading)).map_err(|e| store_failure(&e))
    }

    /// From here on windows count by the wall clock as it stands.
    ///
    /// # Errors
    /// When it is not ahead, or the store's.
    pub async fn accept_clock(&self) -> Result<(u64, Head), Failure> {
        let uptime = self.clock().uptime();
        // A jump since the last commit is on the books when the closure looks.
        let commit = self.store().commit::<u64, Failure, _>(move |view| {
            let ahead_ms = view.clock()?.map_or(0, |row| row.skew_ms);
            if ahead_ms == 0 {
                let message = "the clock is not ahead of the time since this machine was started";
                return Err(Refusal::No(
                    Failure::refused("CLOCK_NOT_AHEAD", message)
                        .hint("There is nothing to accept; budgets count by the wall clock"),
                ));
            }
            let accepted = ClockAccepted { ahead_ms, uptime };
            Ok((vec![Body::ClockAccepted(accepted).into()], ahead_ms))
        });
        let committed = commit.await.map_err(refused)?;
        Ok((committed.value, committed.head))
    }

    /// Books a jump that no commit has met yet, so that a boot soon after does not hide it.
    pub(super) async fn book_jump(&self) -> Result<(), StoreError> {
        let reading = self.clock().read();
        if self.store().read(|view| view.has_jumped(reading))? {
            let commit = self.store().commit::<(), Infallible, _>(|_| Ok((Vec::new(), ())));
            commit.await.map_err(unrefused)?;
        }
        Ok(())
    }

    /// Ledger time now, whatever became of the wall clock.
    pub(super) fn ledger_now(&self) -> Result<Millis, StoreError> {
        let reading = self.clock().read();
        self.store().read(|view| view.at(reading).map(|view| view.now()))
    }
}
