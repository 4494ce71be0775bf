//! What the lock of the node guards: ledger, journal, faults, and the requests on their way.
//!
//! A block must never be in the ledger before it is in the journal.

use std::path::Path;
use std::time::Duration;

use crate::clock::Millis;
use crate::nano::{Account, BlockHash, SignedBlock, Subtype};
use crate::network::NodeError;

use super::check::{self, Proofs, Refusal};
use super::error::SandboxError;
use super::faucet;
use super::faults::{Call, Fault, Faults};
use super::journal::{Journal, JournalError, Line};
use super::ledger::Ledger;
use super::news::{Cemented, News};

/// What the lock guards.
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) faults: Faults,
    pub(super) now: Millis,
    pub(super) news: News,
    journal: Journal,
    /// Blocks on their way, with the time of their arrival.
    delayed: Vec<(Millis, SignedBlock, Option<Subtype>)>,
}

impl State {
    /// The genesis block alone, kept in `journal`.
    pub(super) fn new(journal: Journal, now: Millis) -> Self {
        Self {
            ledger: Ledger::genesis(),
            faults: Faults::default(),
            now,
            news: News::default(),
            journal,
            delayed: Vec::new(),
        }
    }

    /// What the journal at `path` holds.
    pub(super) fn open(path: &Path, now: Millis) -> Result<Self, JournalError> {
        let mut ledger = Ledger::genesis();
        let journal = Journal::open(path, |number, line| {
            replay(&mut ledger, line).map_err(|refusal| JournalError::Refused {
                path: path.to_owned(),
                line: number,
                refusal,
            })
        })?;
        // What was cemented in an earlier life was told of then.
        ledger.take_cemented();
        Ok(Self { ledger, ..Self::new(journal, now) })
    }

    /// The same state without a journal.
    pub(super) fn fork(&self) -> Self {
        Self {
            ledger: self.ledger.clone(),
            faults: self.faults.clone(),
            now: self.now,
            news: News::default(),
            journal: Journal::none(),
            delayed: self.delayed.clone(),
        }
    }

    /// Brings the network up to `now`: requests arrive, blocks are cemented.
    pub(super) fn move_on(&mut self, now: Millis, delay: Duration) {
        self.now = now;
        self.delayed.sort_by_key(|(due, ..)| *due);
        while self.delayed.first().is_some_and(|(due, ..)| *due <= now) {
            let (due, signed, subtype) = self.delayed.remove(0);
            // Nobody waits for this answer any more.
            let _ = self.submit(&signed, subtype, due);
        }
        self.ledger.settle(now, delay);
        self.tell();
    }

    /// When [`State::move_on`] has something to do next, at the latest.
    pub(super) fn next_move(&self, delay: Duration) -> Option<Millis> {
        let arrivals = self.delayed.iter().map(|(due, ..)| *due);
        arrivals.chain(self.ledger.next_ripe(delay)).min()
    }

    /// The fault that this call meets; an error while the node is down, which uses up no fault.
    pub(super) fn meet(
        &mut self,
        call: Call,
        account: Option<Account>,
    ) -> Result<Fault, NodeError> {
        if self.faults.is_down(self.now) {
            return Err(NodeError::Unreachable { detail: "connection refused".to_owned() });
        }
        Ok(self.faults.meet(call, account))
    }

    /// `process` under a fault.
    pub(super) fn process(
        &mut self,
        fault: &Fault,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        match fault {
            Fault::Denial => return Ok(block.hash()),
            Fault::Gap => return Err(refused(Refusal::GapPrevious)),
            Fault::Stale { blocks } => return self.process_stale(*blocks, block, subtype),
            Fault::Delayed(delay) => {
                self.delayed.push((self.now.plus(*delay), *block, subtype));
                self.news.stir();
            }
            Fault::Fork(rival) => {
                let rival = faucet::rival_of(&self.ledger, rival, block);
                self.insert_foreign(&rival);
            }
            Fault::Insert(foreign) => self.insert_foreign(foreign),
            Fault::Garbage | Fault::HalfAnswer | Fault::LostReply => {
                let _ = self.serve(block, subtype);
            }
            Fault::Balance { .. }
            | Fault::Frontier { .. }
            | Fault::Http500
            | Fault::LostRequest
            | Fault::Nothing
            | Fault::Refused(_)
            | Fault::Slow(_) => {}
        }
        match fault.error() {
            Some(error) => Err(error),
            None => self.serve(block, subtype),
        }
    }

    /// Checks a block as `process` does, writes it down, and puts it in.
    pub(super) fn submit(
        &mut self,
        signed: &SignedBlock,
        subtype: Option<Subtype>,
        seen_at: Millis,
    ) -> Result<BlockHash, SandboxError> {
        check::check_request(&self.ledger, signed, subtype)?;
        let accepted = check::check_block(&self.ledger, signed, Proofs::Check)?;
        let hash = accepted.hash;
        self.journal.write(Line::Block {
            signed: Box::new(*signed),
            subtype: accepted.subtype,
            seen_at,
        })?;
        self.ledger.insert(accepted, seen_at);
        self.news.stir();
        Ok(hash)
    }

    /// Cements a block and what it depends on, at once.
    pub(super) fn confirm(&mut self, hash: &BlockHash) -> Result<(), SandboxError> {
        if !self.ledger.contains(hash) {
            return Err(SandboxError::Unknown(*hash));
        }
        if !self.ledger.is_confirmed(hash) {
            self.journal.write(Line::Confirm(*hash))?;
            self.ledger.confirm(hash);
            self.tell();
        }
        Ok(())
    }

    /// Keeps a block from being cemented by age, or lets it go.
    pub(super) fn hold(&mut self, hash: &BlockHash, held: bool) -> Result<(), SandboxError> {
        if !self.ledger.hold(hash, held) {
            return Err(SandboxError::Unknown(*hash));
        }
        self.news.stir();
        Ok(())
    }

    /// Takes out an unconfirmed block and its descendants.
    pub(super) fn roll_back(&mut self, hash: &BlockHash) -> Result<Vec<BlockHash>, SandboxError> {
        if !self.ledger.contains(hash) {
            return Err(SandboxError::Unknown(*hash));
        }
        if self.ledger.is_confirmed(hash) {
            return Err(SandboxError::Confirmed(*hash));
        }
        self.journal.write(Line::RollBack(*hash))?;
        Ok(self.ledger.roll_back(hash))
    }

    fn tell(&mut self) {
        for (hash, cause) in self.ledger.take_cemented() {
            if let Some(entry) = self.ledger.entry(&hash) {
                self.news.tell(Cemented::new(entry, cause, self.now));
            }
        }
    }

    /// The node judges by what it has seen, the network by what there is.
    fn process_stale(
        &mut self,
        blocks: usize,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        let past = self.ledger.as_of(blocks);
        let _ = self.serve(block, subtype);
        check::check_request(&past, block, subtype)
            .and_then(|()| check::check_block(&past, block, Proofs::Check))
            .map(|accepted| accepted.hash)
            .map_err(refused)
    }

    fn serve(
        &mut self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        self.submit(block, subtype, self.now).map_err(|error| match error {
            SandboxError::Refused(refusal) => refused(refusal),
            other => NodeError::Unreachable { detail: other.to_string() },
        })
    }

    /// A block from elsewhere; the network ignores it if it breaks a rule.
    pub(super) fn insert_foreign(&mut self, block: &SignedBlock) {
        let _ = self.submit(block, None, self.now);
    }
}

/// Puts one line of the journal back; signatures and work were checked before it was written.
fn replay(ledger: &mut Ledger, line: Line) -> Result<(), Refusal> {
    match line {
        Line::Block { signed, subtype, seen_at } => {
            let accepted = check::check_block(ledger, &signed, Proofs::Trust)?;
            if accepted.subtype != subtype {
                return Err(Refusal::SubtypeBalance);
            }
            ledger.insert(accepted, seen_at);
        }
        Line::RollBack(hash) | Line::Confirm(hash) if !ledger.contains(&hash) => {
            return Err(Refusal::GapPrevious);
        }
        Line::RollBack(hash) if ledger.is_confirmed(&hash) => return Err(Refusal::BlockPosition),
        Line::RollBack(hash) => {
            ledger.roll_back(&hash);
        }
        Line::Confirm(hash) => ledger.confirm(&hash),
    }
    Ok(())
}

fn refused(refusal: Refusal) -> NodeError {
    NodeError::Refused { message: refusal.to_string() }
}
