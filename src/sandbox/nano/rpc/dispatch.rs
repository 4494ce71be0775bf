//! Which action was asked for, and what the faults make of its answer.
//!
//! A call over HTTP must meet the same faults in the same order as one through the port.

use serde_json::Value;

use super::request::{Complaint, Request, complaint};
use super::tree::{Fields, Tree};
use super::{Front, Spelling};
use super::{accounts, blocks, history, process, receivable, tools, work};
use crate::clock::Millis;
use crate::nano::Account;
use crate::sandbox::nano::faults::{Call, Fault};
use crate::sandbox::nano::ledger::Ledger;

/// What goes over the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Served {
    /// A whole answer.
    Whole { status: u16, text: String },
    /// The beginning of this text, although its full length was announced.
    Half(String),
    /// Nothing: the connection ends.
    Cut,
}

/// What an action that only looks gets to see.
pub(super) struct Look<'a> {
    pub(super) request: &'a Request,
    pub(super) ledger: &'a Ledger,
    pub(super) fault: &'a Fault,
    pub(super) now: Millis,
    pub(super) started_at: Millis,
}

pub(super) type Answer = Result<Tree, Complaint>;

/// Answers one request.
pub(super) async fn answer(front: &Front, body: &[u8]) -> Served {
    let spelling = front.spelling();
    match Request::parse(body, spelling) {
        Ok(request) => carry_out(front, &request).await,
        Err(complaint) => whole(Err(complaint), spelling),
    }
}

async fn carry_out(front: &Front, request: &Request) -> Served {
    let spelling = request.spelling();
    let action = match find(request) {
        Ok(action) => action,
        Err(complaint) => return whole(Err(complaint), spelling),
    };
    let about = about(action, request);
    let Ok(fault) = front.node.meet(action.call, about).await else { return Served::Cut };
    let answer = match action.does {
        Does::Process => process::process(&mut front.node.state(), request, &fault),
        _ if is_lost(&fault) => Err(Complaint::error("")),
        Does::Work => work::generate(request).await,
        Does::Look(look) => see(front, request, &fault, look),
    };
    match fault {
        Fault::Delayed(_) | Fault::LostReply | Fault::LostRequest => Served::Cut,
        Fault::Http500 => Served::Whole { status: 500, text: "Internal Server Error".to_owned() },
        Fault::Garbage => Served::Whole { status: 200, text: GARBAGE.to_owned() },
        Fault::HalfAnswer => match whole(answer, spelling) {
            Served::Whole { text, .. } => Served::Half(text),
            other => other,
        },
        Fault::Refused(words) => whole(Err(Complaint::Error(words)), spelling),
        _ => whole(answer, spelling),
    }
}

/// The request does not get as far as being looked at, or its answer is of no use.
fn is_lost(fault: &Fault) -> bool {
    let looks = matches!(fault, Fault::Garbage | Fault::HalfAnswer);
    fault.error().is_some() && !looks
}

fn see(front: &Front, request: &Request, fault: &Fault, look: fn(&Look<'_>) -> Answer) -> Answer {
    let mut state = front.node.state();
    if let Fault::Insert(block) = fault {
        state.insert_foreign(block);
    }
    let past = match fault {
        Fault::Stale { blocks } => Some(state.ledger.as_of(*blocks)),
        _ => None,
    };
    let ledger = past.as_ref().unwrap_or(&state.ledger);
    look(&Look { request, ledger, fault, now: state.now, started_at: front.started_at })
}

fn find(request: &Request) -> Result<&'static Action, Complaint> {
    let name = request.required("action")?;
    let cpp_only = ["pending", "accounts_pending"].contains(&name.as_str());
    ACTIONS.iter().find(|action| action.name == name && (request.is_cpp() || !cpp_only)).ok_or_else(
        || {
            complaint(request.spelling(), "Unknown command", || {
                format!("action: unknown variant `{name}`")
            })
        },
    )
}

/// Whose account the call is about, where faults ask for that.
fn about(action: &Action, request: &Request) -> Option<Account> {
    match action.call {
        Call::AccountHistory | Call::AccountInfo => request.account("account").ok(),
        Call::Receivable => request.account("account").ok(),
        Call::Process => {
            let block = request.value("block")?;
            let parsed: Value;
            let block = match block {
                Value::String(text) => {
                    parsed = serde_json::from_str(text).ok()?;
                    &parsed
                }
                other => other,
            };
            block["account"].as_str()?.parse().ok()
        }
        Call::AccountsBalances | Call::Any | Call::BlockInfo | Call::Other => None,
    }
}

fn whole(answer: Answer, spelling: Spelling) -> Served {
    let (status, text) = match answer {
        Ok(tree) => (200, tree.print(spelling)),
        Err(Complaint::Error(words)) => {
            (200, Tree::from(Fields::default().put("error", words)).print(spelling))
        }
        Err(Complaint::Unprocessable(text)) => (422, text),
        Err(Complaint::Unreadable(text)) => (400, text),
    };
    Served::Whole { status, text }
}

struct Action {
    name: &'static str,
    call: Call,
    does: Does,
}

#[derive(Clone, Copy)]
enum Does {
    Look(fn(&Look<'_>) -> Answer),
    Process,
    Work,
}

const fn look(name: &'static str, call: Call, look: fn(&Look<'_>) -> Answer) -> Action {
    Action { name, call, does: Does::Look(look) }
}

const ACTIONS: &[Action] = &[
    look("account_balance", Call::AccountsBalances, accounts::account_balance),
    look("account_get", Call::Other, tools::account_get),
    look("account_history", Call::AccountHistory, history::account_history),
    look("account_info", Call::AccountInfo, accounts::account_info),
    look("account_key", Call::Other, tools::account_key),
    look("account_representative", Call::Other, accounts::account_representative),
    look("account_weight", Call::Other, accounts::account_weight),
    look("accounts_balances", Call::AccountsBalances, accounts::accounts_balances),
    look("accounts_frontiers", Call::Other, accounts::accounts_frontiers),
    look("accounts_pending", Call::Receivable, receivable::accounts_pending),
    look("accounts_receivable", Call::Receivable, receivable::accounts_receivable),
    look("accounts_representatives", Call::Other, accounts::accounts_representatives),
    look("block_account", Call::BlockInfo, blocks::block_account),
    look("block_confirm", Call::Other, blocks::block_confirm),
    look("block_count", Call::Other, blocks::block_count),
    look("block_info", Call::BlockInfo, blocks::block_info),
    look("blocks_info", Call::BlockInfo, blocks::blocks_info),
    look("confirmation_quorum", Call::Other, tools::confirmation_quorum),
    look("deterministic_key", Call::Other, tools::deterministic_key),
    look("key_expand", Call::Other, tools::key_expand),
    look("nano_to_raw", Call::Other, tools::nano_to_raw),
    look("pending", Call::Receivable, receivable::pending),
    Action { name: "process", call: Call::Process, does: Does::Process },
    look("raw_to_nano", Call::Other, tools::raw_to_nano),
    look("receivable", Call::Receivable, receivable::receivable),
    look("receivable_exists", Call::Receivable, receivable::receivable_exists),
    look("telemetry", Call::Other, tools::telemetry),
    look("uptime", Call::Other, tools::uptime),
    look("validate_account_number", Call::Other, tools::validate_account_number),
    look("version", Call::Other, tools::version),
    look("work_cancel", Call::Other, work::cancel),
    Action { name: "work_generate", call: Call::Other, does: Does::Work },
    look("work_validate", Call::Other, work::validate),
];

const GARBAGE: &str = "<html><body>502 Bad Gateway</body></html>";
