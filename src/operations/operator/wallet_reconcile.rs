//! `wallet.reconcile`: books what the network holds and the books do not, once it was listed and acknowledged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Finding, ForeignBlock, ReconciledAccount, Survey};
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Bring the books in line with the network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletReconcile {
    /// `acknowledgement` of the `wallet.survey` that listed what was found.
    acknowledge: String,
}

/// What was found, and whether it was booked.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconciled {
    /// Whether what is listed was booked in this call.
    applied: bool,
    /// Whether there is anything to acknowledge.
    needs_acknowledgement: bool,
    /// Give it as `acknowledge` to have exactly this booked.
    acknowledgement: String,
    /// Whether the store is an old copy, for which the wallet is frozen.
    restored: bool,
    /// Mandates that are taken back, since nobody knows what was spent under them after the copy was made.
    distrusted_mandates: Vec<String>,
    /// Every account.
    accounts: Vec<Account>,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

/// One account.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Account {
    /// Derivation index.
    index: u32,
    /// Its address.
    address: String,
    /// same, foreign, past or unclear.
    finding: String,
    /// Why it signs nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<String>,
    /// Why it could not be compared, or what its past comes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Blocks this wallet did not sign, oldest first; the first thousand.
    blocks: Vec<Block>,
    /// How many there are.
    block_count: u64,
}

/// One block.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Block {
    /// open, receive, send, change or epoch.
    kind: String,
    /// How much it moves, in XNO.
    amount: String,
    /// Who got a send.
    counterparty: String,
    /// Its hash.
    block_hash: String,
}

impl Operation for WalletReconcile {
    type Output = Reconciled;
    const SPEC: Spec = Spec {
        name: "wallet.reconcile",
        title: "Reconcile",
        description: "Book the blocks that wallet.survey listed (sends count as spent) and lift the alarms and the freeze of a restored store, whose mandates are taken back. Refused if the list has changed since.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Reconciled>, Failure> {
        let (survey, head) = context.engine.reconcile(&self.acknowledge).await?;
        let applied = survey.needs_action();
        Ok(Outcome::Done(reconciled(&survey, applied, head.into())))
    }
}

pub(super) fn reconciled(survey: &Survey, applied: bool, ledger_head: LedgerHead) -> Reconciled {
    Reconciled {
        applied,
        needs_acknowledgement: survey.needs_action() && !applied,
        acknowledgement: survey.acknowledgement(),
        restored: survey.restored,
        distrusted_mandates: survey.distrusted.clone(),
        accounts: survey.accounts.iter().map(account).collect(),
        ledger_head,
    }
}

fn account(found: &ReconciledAccount) -> Account {
    let (finding, detail, blocks, block_count) = match &found.finding {
        Finding::Same => ("same", None, Vec::new(), 0),
        Finding::Foreign(blocks) => {
            let shown = blocks.iter().take(limits::LEDGER_PAGE as usize).map(block).collect();
            ("foreign", None, shown, blocks.len() as u64)
        }
        Finding::Past { balance, blocks, .. } => {
            let detail = format!("it holds {} XNO from before this wallet", balance.to_xno());
            ("past", Some(detail), Vec::new(), *blocks)
        }
        Finding::Unclear(reason) => ("unclear", Some((*reason).to_owned()), Vec::new(), 0),
    };
    Account {
        index: found.index,
        address: found.account.to_string(),
        finding: finding.to_owned(),
        alarm: found.alarm.clone(),
        detail,
        blocks,
        block_count,
    }
}

fn block(block: &ForeignBlock) -> Block {
    Block {
        kind: block.subtype.as_str().to_owned(),
        amount: block.amount.to_xno(),
        counterparty: block.counterparty.to_string(),
        block_hash: block.hash.to_string(),
    }
}
