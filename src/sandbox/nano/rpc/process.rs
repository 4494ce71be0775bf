//! `process`: a block comes in.
//!
//! Reading the block must be as strict as the node's own reading, and nothing is checked here that the ledger checks.

use serde_json::Value;

use super::dispatch::Answer;
use super::request::{Complaint, Request, complaint};
use super::tree::Fields;
use crate::nano::{Account, Link, SignedBlock, Subtype};
use crate::network::NodeError;
use crate::sandbox::nano::check::{self, Refusal};
use crate::sandbox::nano::faults::Fault;
use crate::sandbox::nano::state::State;

/// `process` under a fault.
pub(super) fn process(state: &mut State, request: &Request, fault: &Fault) -> Answer {
    let is_async = request.flag("async", false)?;
    let block = block(request)?;
    let subtype = subtype(state, request, &block)?;
    let looked_at = check::check_request(&state.ledger, &block, subtype);
    match state.process(fault, &block, subtype) {
        Ok(_) if is_async => Ok(Fields::default().put("started", "1").into()),
        Ok(hash) => Ok(Fields::default().put("hash", hash).into()),
        // Whoever does not wait is not told what the ledger says.
        Err(NodeError::Refused { .. }) if is_async && looked_at.is_ok() && truthful(fault) => {
            Ok(Fields::default().put("started", "1").into())
        }
        Err(NodeError::Refused { message }) => Err(Complaint::Error(message)),
        // What comes back is the fault's to say.
        Err(NodeError::Garbled { .. } | NodeError::Unreachable { .. }) => {
            Ok(Fields::default().put("hash", block.hash()).into())
        }
    }
}

fn truthful(fault: &Fault) -> bool {
    !matches!(fault, Fault::Gap | Fault::Refused(_))
}

fn block(request: &Request) -> Result<SignedBlock, Complaint> {
    let json_block = request.flag("json_block", false)?;
    if !request.is_cpp() {
        if !json_block {
            return Err(request.missing("json_block"));
        }
        let value = request.value("block").ok_or_else(|| request.missing("block"))?;
        return read(request, value.clone());
    }
    if json_block {
        let value = request.value("block").ok_or_else(|| request.missing("block"))?;
        return read(request, value.clone());
    }
    let text = request.required("block")?;
    let value = serde_json::from_str(&text).map_err(|_| Complaint::error(Refusal::Invalid))?;
    read(request, value)
}

fn read(request: &Request, mut value: Value) -> Result<SignedBlock, Complaint> {
    if request.is_cpp() {
        // A C++ node takes a destination written as an address.
        let link = value["link"].as_str().and_then(|link| link.parse::<Account>().ok());
        if let Some(account) = link {
            value["link"] = Value::String(Link::from(account).to_string());
        }
    }
    let block: SignedBlock = serde_json::from_value(value)
        .map_err(|error| complaint(request.spelling(), INVALID, || format!("block: {error}")))?;
    if block.work.is_none() {
        return Err(complaint(request.spelling(), INVALID, || {
            "block: missing field `work`".into()
        }));
    }
    Ok(block)
}

fn subtype(
    state: &State,
    request: &Request,
    block: &SignedBlock,
) -> Result<Option<Subtype>, Complaint> {
    let text = request.text("subtype").unwrap_or_default();
    if text.is_empty() && request.is_cpp() || !request.has("subtype") {
        return Ok(None);
    }
    let previous = block.block.previous;
    let known = previous.is_zero() || state.ledger.contains(&previous);
    match text.parse() {
        Ok(subtype) => Ok(Some(subtype)),
        Err(_) if request.is_cpp() && !known => Err(Complaint::error(Refusal::GapPrevious)),
        Err(_) => Err(request.bad("Invalid block subtype", &text)),
    }
}

const INVALID: &str = "Block is invalid";
