//! A seller in the process, which is handed proofs and blocks, and the chain it turns proofs into money on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use paywarden::books::Payment;
use paywarden::clock::Millis;
use paywarden::engine::{Handover, MakeHeader, Offered, Signing, Unprepared};
use paywarden::money::Money;
use paywarden::nano::SignedBlock;
use paywarden::network::Node as _;
use paywarden::payment::{Intent, PaymentHeader, Presented, Proof, Reference, Seen};
use paywarden::policy::{Grant, Request, Terms};
use paywarden::sandbox::disk::Disk;
use paywarden::sandbox::nano::SandboxNode;

use super::{Kind, Payee};
use crate::crash::stored;

/// What outlives every wallet: what was handed over, and what was taken.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// Every different thing that was handed over.
    pub(crate) handed: BTreeSet<String>,
    /// The nonces of the proofs that were turned into money.
    pub(crate) taken: BTreeSet<String>,
    /// How often something was handed over.
    times: u32,
    pub(crate) is_back: bool,
    /// Something was handed over that a power cut would have undone.
    pub(crate) is_early: bool,
}

/// The seller as one wallet sees it: it looks at that wallet's disk.
#[derive(Debug)]
pub(crate) struct Seller {
    pub(crate) kind: Kind,
    pub(crate) payee: Payee,
    pub(crate) chain: Arc<Mutex<Chain>>,
    pub(crate) node: SandboxNode,
    pub(crate) disk: Disk,
}

impl Seller {
    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap()
    }

    /// Turns it into money, once for each nonce.
    async fn take(&self, intent: &Intent) -> Option<Reference> {
        match intent {
            Intent::Presented(proof) => {
                let nonce = nonce_of(proof);
                self.chain().taken.insert(nonce.clone());
                Some(Reference::try_from(nonce).unwrap())
            }
            Intent::Cheque(cheque) => {
                // What stands there already, or cannot stand there any more, is the node's business.
                let _ = self.node.process(&cheque.sent.block, None).await;
                None
            }
            Intent::Block(_) => panic!("a block of ours is published, not handed over"),
        }
    }
}

#[async_trait]
impl Handover for Seller {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        if self.payee == Payee::Away && !self.chain().is_back {
            return Err(Unprepared::Later("nobody there".to_owned()));
        }
        let Money { amount, currency } = payment.request.amount;
        let signing = match self.kind {
            Kind::Cheque => Signing::Cheque { header: header(), timeout_ms: PATIENCE_MS },
            _ => Signing::Proof(Box::new(proof)),
        };
        let terms = Some(terms(self.kind));
        Ok(Offered { amount: Money { amount, currency }, terms, cart: None, signing })
    }

    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen {
        // Whatever dies now, what leaves is on the disk.
        let store = stored(&self.disk.wreck().power_cut());
        let found = store.read(|view| view.payment(payment.id())).unwrap();
        let durable = found.as_ref().and_then(|found| found.state.intent());
        let is_early = durable != Some(intent);
        let times = {
            let mut chain = self.chain();
            // Not a panic: this may run in a task of its own.
            chain.is_early |= is_early;
            chain.handed.insert(serde_json::to_string(intent).unwrap());
            chain.times += 1;
            chain.times
        };
        let paid = |reference: Option<Reference>| reference.map_or(Seen::Open, Seen::Paid);
        match self.payee {
            Payee::Fine => paid(self.take(intent).await),
            Payee::LostAnswer => {
                let reference = self.take(intent).await;
                if times < 3 { Seen::Open } else { paid(reference) }
            }
            Payee::LostRequest if times < 3 => Seen::Open,
            Payee::LostRequest => paid(self.take(intent).await),
            Payee::Liar => {
                self.take(intent).await;
                Seen::Refused
            }
            Payee::Away if self.chain().is_back => paid(self.take(intent).await),
            Payee::Away | Payee::Never => Seen::Open,
        }
    }

    async fn look(&self, _: &Payment, proof: &Presented, now: Millis) -> Seen {
        let nonce = nonce_of(proof);
        let is_told = self.payee != Payee::Away || self.chain().is_back;
        let is_taken = self.chain().taken.contains(&nonce);
        match (is_told, is_taken) {
            (true, true) if self.payee != Payee::LostAnswer || now >= proof.valid_until_ms => {
                Seen::Paid(Reference::try_from(nonce).unwrap())
            }
            (true, false) if now >= proof.valid_until_ms => Seen::Void,
            _ => Seen::Open,
        }
    }
}

fn nonce_of(proof: &Presented) -> String {
    match &proof.proof {
        Proof::Authorization { nonce, .. } => nonce.clone(),
        other => panic!("{other:?} was never made"),
    }
}

pub(crate) fn proof(
    grant: Grant,
    request: &Request,
    attempt: u32,
    now: Millis,
) -> Result<Presented, String> {
    grant.consume(request.amount, request.recipient()).map_err(|error| error.to_string())?;
    let proof = Proof::Authorization {
        network: NETWORK.into(),
        asset: "0xtoken".into(),
        from: "0xus".into(),
        nonce: uuid::Uuid::new_v4().to_string(),
        header: PaymentHeader { name: "payment-signature".into(), value: "e30=".into() },
    };
    let valid_until_ms = Millis(now.0 + PATIENCE_MS);
    Ok(Presented { attempt, proof, made_at_ms: now, valid_until_ms })
}

pub(crate) fn header() -> MakeHeader {
    Box::new(|block: &SignedBlock| {
        let value = block.hash().to_string();
        Ok(PaymentHeader { name: "payment-signature".into(), value })
    })
}

pub(crate) fn terms(kind: Kind) -> Terms {
    let text = str::to_owned;
    let (scheme, network) = (text("exact"), text(NETWORK));
    match kind {
        Kind::Cheque => {
            let pay_to = crate::crash::payee().to_string();
            Terms { scheme, network, asset: text("XNO"), pay_to }
        }
        _ => Terms { scheme, network, asset: text("0xtoken"), pay_to: text("0xshop") },
    }
}

pub(crate) const PATIENCE_MS: u64 = 60_000;
const NETWORK: &str = "eip155:84532";
