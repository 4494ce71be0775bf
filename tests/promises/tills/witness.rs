//! What went over the wires, held against the disk of the wallet that sent it.

use std::collections::BTreeSet;

use paywarden::payment::{Intent, Presented, Proof};
use paywarden::sandbox::disk::Disk;

use super::street::KEY;
use super::wire::Seen;
use crate::crash::stored;

/// What went over the wires.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// The disk of the wallet that lives just now.
    pub(super) disk: Option<Disk>,
    /// Every different thing that was handed over.
    handed: BTreeSet<String>,
    /// Something left that a power cut would have undone.
    is_early: bool,
}

impl Witness {
    /// Whatever dies now, what is handed over is on the disk, and is just that.
    pub(super) fn sees_handing(&mut self, seen: &Seen) {
        let Some(name) = handed(seen) else { return };
        let is_durable = match self.durable() {
            Some(Intent::Cheque(cheque)) => cheque.header.value == name,
            Some(Intent::Presented(Presented { proof, .. })) => match proof {
                Proof::Authorization { header, .. } => header.value == name,
                Proof::Completion { idempotency_key, .. } => idempotency_key == name,
                Proof::Credential { .. } => true,
            },
            _ => false,
        };
        self.is_early |= !is_durable;
        self.handed.insert(name);
    }

    pub(super) fn check(&self, name: &str) {
        let Self { handed, is_early, .. } = self;
        assert!(!is_early, "{name}: something left that was not durable");
        assert!(handed.len() <= 1, "{name}: different things were handed over: {handed:?}");
    }

    /// No token is ordered but under the key that is on the disk.
    pub(super) fn sees_ordering(&mut self, seen: &Seen) {
        let Some(key) = seen.header("idempotency-key") else { return };
        if !seen.path().ends_with("/issued_tokens") {
            return;
        }
        let is_durable = matches!(
            self.durable(),
            Some(Intent::Presented(Presented {
                proof: Proof::Completion { token_key, .. } | Proof::Credential { token_key, .. },
                ..
            })) if token_key == key
        );
        self.is_early |= !is_durable;
    }

    /// What the one payment has signed, as a power cut would leave it.
    fn durable(&self) -> Option<Intent> {
        let store = stored(&self.disk.as_ref()?.wreck().power_cut());
        let read = store.read(|view| {
            let id = view.idempotency(None, KEY)?.map(|row| row.payment_id);
            id.map(|id| view.payment(id)).transpose()
        });
        read.unwrap().flatten()?.state.intent().cloned()
    }
}

/// The name of what a request hands over, if it hands something over.
pub(super) fn handed(seen: &Seen) -> Option<String> {
    if seen.path().ends_with("/complete") {
        return seen.header("idempotency-key").map(str::to_owned);
    }
    let credential = seen.header("authorization").filter(|value| value.starts_with("Payment "));
    seen.header("payment-signature").or(credential).map(str::to_owned)
}
