//! What can be asked of the wallet: one file and one struct per operation.
//!
//! An operation holds its own input, output and who may call it; surfaces, socket and schemas are derived from that.
//! Operations must never reach a key, a store table or a node: they call the engine.

pub mod acp;
pub mod credits;
pub mod guard;
pub mod host;
pub mod nanswap;
pub mod nicky;
pub mod offline;
pub mod operator;
pub mod payment;
pub mod wallet;

mod call;
mod fields;
mod money_text;
mod need;
mod paid;
mod paid_for;
mod registry;
mod schema;
mod spend;
mod standing;

pub use call::{
    Answer, Call, Caller, Context, Gate, Image, Outcome, Progress, ProgressSink, Verdict,
};
pub use fields::{AccountRef, AmountText, LedgerHead, MANDATE_HINT};
pub use money_text::{mandate_json, money_json, money_shown};
pub use need::{Need, need_of};
pub use operator::freeze_reason;
use paid::reason;
pub use paid::{AmountOut, PayResult, SettlementOut, describe, outcome_of};
pub use payment::address_qr;
pub use registry::{AnyOperation, registry};

use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// One thing that can be asked of the wallet.
pub trait Operation: DeserializeOwned + JsonSchema + Send + 'static {
    /// What a caller gets when the operation was carried out.
    type Output: Serialize + JsonSchema + Send + 'static;
    /// Its name and who may call it.
    const SPEC: Spec;

    /// Does it. A [`Failure`] means that no payment id exists.
    fn run(
        self,
        context: &Context,
    ) -> impl Future<Output = Result<Outcome<Self::Output>, Failure>> + Send;

    /// A picture of the output, for surfaces that can show one.
    fn image(_output: &Self::Output) -> Option<Image> {
        None
    }
}

/// The name of an operation and what surfaces need to know of it.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Canonical dotted name, such as `wallet.send`.
    pub name: &'static str,
    /// A short human title.
    pub title: &'static str,
    /// What it does, for the agent; at most 300 characters.
    pub description: &'static str,
    /// Who may call it.
    pub audience: Audience,
    /// What it may do.
    pub access: Access,
    /// The group it is listed with (`wallet`, `guard`, ...).
    pub toolset: &'static str,
    /// Whether it reaches beyond this machine or shows third-party text.
    pub open_world: bool,
}

impl Spec {
    /// Whether the owner must prove to be the owner: for whatever approves, grants, unfreezes or sets policy. Looking,
    /// freezing and unlocking (which has a secret of its own) need no such proof.
    pub fn needs_operator_secret(&self) -> bool {
        self.audience == Audience::Operator
            && self.access != Access::Read
            && !["wallet.freeze", "wallet.unlock"].contains(&self.name)
    }
}

/// Who may call an operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// Agents, and so every MCP host; the operator too.
    Agent,
    /// A surface on behalf of its host's user, with no more authority than the agent; never listed as a tool.
    Host,
    /// The operator alone; never listed as a tool.
    Operator,
}

/// What an operation may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Looks only.
    Read,
    /// Changes something, but moves no money away.
    Write,
    /// May move money away.
    Spend,
}
