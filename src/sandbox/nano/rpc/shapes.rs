//! Faults as JSON: the words by which a test in another language scripts them.
//!
//! A private key in a fork fault must never be printed; nothing here derives `Debug`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

use crate::money::Raw;
use crate::nano::{Account, PrivateKey, Seed, SignedBlock};
use crate::sandbox::nano::faults::{Call, Fault, Rival};

/// Which calls.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallShape {
    AccountHistory,
    AccountInfo,
    AccountsBalances,
    Any,
    BlockInfo,
    Other,
    Process,
    Receivable,
}

/// What goes wrong: a word, or an object with a `kind` and what belongs to it.
pub(super) struct FaultShape(Fault);

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Kind {
    Balance {
        account: Account,
        balance_raw: Raw,
    },
    Delayed {
        delay_ms: u64,
    },
    Denial,
    Fork {
        private_key: String,
    },
    Frontier {
        account: Account,
        blocks_back: usize,
    },
    Gap,
    Garbage,
    HalfAnswer,
    #[serde(rename = "http_500")]
    Http500,
    Insert {
        block: Box<SignedBlock>,
    },
    LostReply,
    LostRequest,
    Nothing,
    Refused {
        message: String,
    },
    Slow {
        delay_ms: u64,
    },
    Stale {
        blocks: usize,
    },
}

impl FaultShape {
    pub(super) fn into_fault(self) -> Fault {
        self.0
    }
}

impl<'de> Deserialize<'de> for FaultShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shape = match Value::deserialize(deserializer)? {
            Value::String(kind) => json!({ "kind": kind }),
            other => other,
        };
        let kind: Kind = serde_json::from_value(shape).map_err(de::Error::custom)?;
        fault(kind).map(Self).map_err(de::Error::custom)
    }
}

fn fault(kind: Kind) -> Result<Fault, String> {
    Ok(match kind {
        Kind::Balance { account, balance_raw } => Fault::Balance { account, balance: balance_raw },
        Kind::Delayed { delay_ms } => Fault::Delayed(Duration::from_millis(delay_ms)),
        Kind::Denial => Fault::Denial,
        Kind::Fork { private_key } => {
            // The error does not repeat the digits.
            let bytes = Seed::from_hex(&private_key).map_err(|error| error.to_string())?;
            Fault::Fork(Rival::key(PrivateKey::from_bytes(*bytes.expose())))
        }
        Kind::Frontier { account, blocks_back } => Fault::Frontier { account, blocks_back },
        Kind::Gap => Fault::Gap,
        Kind::Garbage => Fault::Garbage,
        Kind::HalfAnswer => Fault::HalfAnswer,
        Kind::Http500 => Fault::Http500,
        Kind::Insert { block } => Fault::Insert(block),
        Kind::LostReply => Fault::LostReply,
        Kind::LostRequest => Fault::LostRequest,
        Kind::Nothing => Fault::Nothing,
        Kind::Refused { message } => Fault::Refused(message),
        Kind::Slow { delay_ms } => Fault::Slow(Duration::from_millis(delay_ms)),
        Kind::Stale { blocks } => Fault::Stale { blocks },
    })
}

impl From<CallShape> for Call {
    fn from(shape: CallShape) -> Self {
        match shape {
            CallShape::AccountHistory => Self::AccountHistory,
            CallShape::AccountInfo => Self::AccountInfo,
            CallShape::AccountsBalances => Self::AccountsBalances,
            CallShape::Any => Self::Any,
            CallShape::BlockInfo => Self::BlockInfo,
            CallShape::Other => Self::Other,
            CallShape::Process => Self::Process,
            CallShape::Receivable => Self::Receivable,
        }
    }
}
