//! One durable commit out of many closures: fold, seal, sign, write, answer.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::anchor::{AnchorFile, FreezeMarker};
use super::engine::{Batch, Engine, StoredEvent};
use super::overlay::Overlay;
use super::{LedgerSigner, StoreError};
use crate::books::{self, Body, ClockRow, Event, Rows, RowsError, View};
use crate::clock::{Clock, Millis};
use crate::ledger::{Chain, EventSignature, Head};
use crate::limits;

/// A closure on its way to the writer.
pub(super) type Job = Box<dyn FnOnce(&View<'_>) -> Prepared + Send>;

/// What a closure wants written, and whom to tell.
pub(super) struct Prepared {
    events: Vec<Event>,
    rotate_to: Option<LedgerSigner>,
    done: Done,
}

impl Prepared {
    pub(super) fn new(
        events: Vec<Event>,
        done: impl FnOnce(Result<Head, StoreError>) + Send + 'static,
    ) -> Self {
        Self { events, rotate_to: None, done: Box::new(done) }
    }

    /// The one event that hands the chain to another key.
    pub(super) fn rotation(
        signer: LedgerSigner,
        done: impl FnOnce(Result<Head, StoreError>) + Send + 'static,
    ) -> Self {
        let body = Body::KeyRotated {
            key_id: signer.key_id().clone(),
            ledger_key: signer.public_pem(),
            // Sealing puts the real one in its place, once the hash before is known.
            proof: EventSignature([0; 64]),
        };
        Self { events: vec![body.into()], rotate_to: Some(signer), done: Box::new(done) }
    }
}

/// What stands around every commit.
#[derive(Debug)]
pub struct Guards {
    /// Gives ledger time.
    pub clock: Arc<dyn Clock>,
    /// Signs the last event of each commit.
    pub signer: LedgerSigner,
    /// Where heads leave the store.
    pub anchor: Option<AnchorFile>,
    /// The owner's freeze marker beside the store.
    pub marker: Option<FreezeMarker>,
}

/// The only writer of an engine.
pub struct Committer {
    engine: Arc<dyn Engine>,
    clock: Arc<dyn Clock>,
    anchor: Option<AnchorFile>,
    marker: Option<FreezeMarker>,
    signer: watch::Sender<Arc<LedgerSigner>>,
    chain: Chain,
    head: watch::Sender<Head>,
    failed: Arc<OnceLock<StoreError>>,
}

impl Committer {
    /// Continues the engine's chain.
    ///
    /// # Errors
    /// When the head cannot be read.
    pub fn new(engine: Arc<dyn Engine>, guards: Guards) -> Result<Self, StoreError> {
        let (head, last_at) = engine.snapshot()?.head()?;
        Ok(Self {
            chain: Chain::new(head, last_at),
            head: watch::Sender::new(head),
            engine,
            clock: guards.clock,
            anchor: guards.anchor,
            marker: guards.marker,
            signer: watch::Sender::new(Arc::new(guards.signer)),
            failed: Arc::default(),
        })
    }

    /// Hears of every durable commit.
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// The key in force.
    pub(super) fn signer(&self) -> watch::Receiver<Arc<LedgerSigner>> {
        self.signer.subscribe()
    }

    pub(super) fn marker(&self) -> Option<FreezeMarker> {
        self.marker.clone()
    }

    /// Runs up to [`limits::COMMIT_BATCH`] closures into one commit and answers all of them. Once the store has failed
    /// closures are dropped unrun, which their callers see.
    pub(super) fn run(&mut self, jobs: Vec<Job>) {
        assert!(jobs.len() <= limits::COMMIT_BATCH, "the writer drains no more than a batch");
        if self.failed.get().is_some() {
            return;
        }
        let engine = Arc::clone(&self.engine);
        let snapshot = match engine.snapshot() {
            Ok(snapshot) => snapshot,
            Err(error) => return self.fail(&error),
        };
        let mut work = match self.begin(snapshot.rows()) {
            Ok(work) => work,
            Err(error) => return self.fail(&error.into()),
        };
        self.import_marker(&mut work);
        let answers: Answers = jobs.into_iter().map(|job| work.take(job)).collect();
        let result = self.persist(work);
        drop(snapshot);
        for (done, own) in answers {
            done(own.and(result.clone()));
        }
        if let Some(anchor) = &mut self.anchor {
            anchor.sync_if_due(self.clock.now());
        }
    }

    /// Why no more commits are taken, once that is so.
    pub(super) fn failure(&self) -> Arc<OnceLock<StoreError>> {
        Arc::clone(&self.failed)
    }

    fn fail(&self, error: &StoreError) {
        let _ = self.failed.set(StoreError::Failed { detail: error.to_string() });
    }

    /// Ledger time, and what the clocks have to say before anybody decides by it. A chain begins with its wallet.
    fn begin<'a>(&self, rows: &'a dyn Rows) -> Result<Work<'a>, RowsError> {
        let Head { seq, .. } = self.chain.head();
        let last = self.chain.time(Millis(0));
        let clock = View::new(rows, last).clock()?;
        let timed = ClockRow::time(clock.as_ref(), last, self.clock.read());
        let mut work = Work::new(rows, seq, timed.at);
        if let Some(body) = timed.event.filter(|_| seq > 0) {
            let _ = work.add(vec![body.into()]);
        }
        Ok(work)
    }

    /// The owner froze beside a keeper that did not answer: book it before anything else.
    fn import_marker(&self, work: &mut Work<'_>) {
        let marker = self.marker.as_ref();
        let Some(reason) = marker.and_then(FreezeMarker::reason) else { return };
        if matches!(work.view().freeze(), Ok(None)) {
            let _ = work.add(vec![Body::WalletFrozen { reason }.into()]);
        }
    }

    fn persist(&mut self, work: Work<'_>) -> Result<Head, StoreError> {
        if work.events.is_empty() {
            return Ok(self.chain.head());
        }
        let mut chain = self.chain.clone();
        let signer = Arc::clone(&self.signer.borrow());
        let (batch, rotated) = seal(&mut chain, signer, work)?;
        if let Err(error) = self.engine.persist(&batch) {
            let error = match error {
                StoreError::Replaced => StoreError::Replaced,
                other => StoreError::Failed { detail: other.to_string() },
            };
            let _ = self.failed.set(error.clone());
            return Err(error);
        }
        let head = chain.head();
        self.chain = chain;
        if let Some(signer) = rotated {
            self.signer.send_replace(signer);
        }
        if let Some(anchor) = &mut self.anchor {
            anchor.append(head, batch.at);
        }
        self.head.send_replace(head);
        Ok(head)
    }
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").field("head", &self.chain.head()).finish_non_exhaustive()
    }
}

type Done = Box<dyn FnOnce(Result<Head, StoreError>) + Send>;
type Answers = Vec<(Done, Result<(), StoreError>)>;

/// A batch in the making.
struct Work<'a> {
    overlay: Overlay<'a>,
    events: Vec<Event>,
    /// The next key, and which of the events hands over to it.
    rotation: Option<(usize, LedgerSigner)>,
    seq: u64,
    at: Millis,
}

impl<'a> Work<'a> {
    fn new(base: &'a dyn Rows, seq: u64, at: Millis) -> Self {
        Self { overlay: Overlay::new(base), events: Vec::new(), rotation: None, seq, at }
    }

    fn view(&self) -> View<'_> {
        View::new(&self.overlay, self.at)
    }

    /// Runs one closure; its events are in the batch whole, or not at all.
    fn take(&mut self, job: Job) -> (Done, Result<(), StoreError>) {
        let prepared = job(&self.view());
        let place = self.events.len();
        let fits = match (&prepared.rotate_to, &self.rotation) {
            (Some(_), Some(_)) => {
                let detail = "two rotations of the key in one commit".to_owned();
                Err(StoreError::Misfit { detail })
            }
            _ => self.add(prepared.events),
        };
        if let (Some(signer), Ok(())) = (prepared.rotate_to, &fits) {
            self.rotation = Some((place, signer));
        }
        (prepared.done, fits)
    }

    fn add(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        let mut layer = Overlay::new(&self.overlay);
        let mut seq = self.seq;
        for event in &events {
            seq += 1;
            fits(event)?;
            books::apply(&mut layer, seq, self.at, event)
                .map_err(|error| StoreError::Misfit { detail: error.to_string() })?;
        }
        let changes = layer.into_changes();
        self.overlay.merge(changes);
        self.seq = seq;
        self.events.extend(events);
        Ok(())
    }
}

/// An event past its bound is its maker's fault, not the batch's.
fn fits(event: &Event) -> Result<(), StoreError> {
    let body = serde_json::to_vec(&event.body).map_or(usize::MAX, |bytes| bytes.len());
    if body > limits::EVENT_BYTES - ENVELOPE_BYTES {
        return Err(StoreError::Misfit { detail: format!("an event of {body} bytes") });
    }
    Ok(())
}

/// Seals a batch: its last event is signed, and the one that hands over to another key, which is the new signer then.
fn seal(
    chain: &mut Chain,
    mut signer: Arc<LedgerSigner>,
    work: Work<'_>,
) -> Result<(Batch, Option<Arc<LedgerSigner>>), StoreError> {
    let last = work.events.len() - 1;
    let (rotates_at, mut next) = match work.rotation {
        Some((place, next)) => (Some(place), Some(Arc::new(next))),
        None => (None, None),
    };
    let rotated = next.clone();
    let mut batch = Batch::new(chain.head(), work.at);
    for (index, event) in work.events.into_iter().enumerate() {
        let (kind, payment_id, mut data) = event.into_parts();
        let next = next.take_if(|_| rotates_at == Some(index));
        if let Some(next) = &next {
            let proof = next.prove(&chain.head().hash);
            data.insert("proof".to_owned(), serde_json::json!(proof));
        }
        let signs = index == last || next.is_some();
        let key_id = signs.then(|| signer.key_id());
        let sealed = chain
            .append(work.at, &kind, payment_id, data, key_id)
            .map_err(|error| StoreError::Misfit { detail: error.to_string() })?;
        let signature = signs.then(|| signer.sign(&sealed.event.hash));
        let (seq, hash) = (sealed.event.seq, sealed.event.hash);
        batch.events.push(StoredEvent { seq, hash, signature, bytes: sealed.bytes });
        signer = next.unwrap_or(signer);
    }
    batch.rows = work.overlay.into_changes();
    Ok((batch, rotated))
}

/// Room for seq, time, type, payment id and key id around an event's data.
const ENVELOPE_BYTES: usize = 512;
