//! Proof of work: `work_generate`, `work_validate`, `work_cancel`.
//!
//! The search must never run on the thread that answers others.

use super::dispatch::{Answer, Look};
use super::request::{Complaint, Request};
use super::tree::{Fields, Tree};
use crate::nano::work;
use crate::nano::{Difficulty, Network, Root, Work};

/// `work_generate`.
pub(super) async fn generate(request: &Request) -> Answer {
    let root = root(request)?;
    let difficulty = match request.text("difficulty") {
        None => BASE,
        // RsNano was seen to take and give decimals here, and here alone.
        Some(text) if !request.is_cpp() => Difficulty(request.parsed(&text, "")?),
        Some(text) => request.parsed(&text, "Bad difficulty")?,
    };
    if difficulty > HIGHEST || difficulty < Network::Dev.thresholds().entry {
        return Err(Complaint::error(match request.is_cpp() {
            true => "Difficulty above config limit or below publish threshold",
            false => "Difficulty out of range",
        }));
    }
    let found = tokio::task::spawn_blocking(move || work::generate(&root, difficulty, 0));
    let found = found.await.map_err(|_| Complaint::error("Cancelled"))?;
    let reached = Difficulty(work::value(found, &root));
    let (work, difficulty) = match request.is_cpp() {
        true => (found.to_string(), reached.to_string()),
        false => (found.to_string().to_uppercase(), reached.0.to_string()),
    };
    let fields = Fields::default()
        .put("work", work)
        .put("difficulty", difficulty)
        .put("multiplier", multiplier(reached))
        .put("hash", root);
    Ok(fields.into())
}

/// `work_validate`.
pub(super) fn validate(look: &Look<'_>) -> Answer {
    let request = look.request;
    let root = root(request)?;
    let work = match request.text("work") {
        None if request.is_cpp() => Work(0),
        None => return Err(request.missing("work")),
        Some(text) => request.parsed(&text, "Bad work")?,
    };
    let reached = Difficulty(work::value(work, &root));
    let mut fields = Fields::default();
    if let Some(text) = request.text("difficulty") {
        let asked: Difficulty = request.parsed(&text, "Bad difficulty")?;
        fields.add("valid", Tree::digit(reached >= asked));
    }
    let receive = Network::Dev.thresholds().epoch_2_receive;
    let fields = fields
        .tree("valid_all", Tree::digit(reached >= BASE))
        .tree("valid_receive", Tree::digit(reached >= receive))
        .put("difficulty", reached)
        .put("multiplier", multiplier(reached));
    Ok(fields.into())
}

/// `work_cancel`.
pub(super) fn cancel(look: &Look<'_>) -> Answer {
    root(look.request)?;
    Ok(Fields::default().put("success", "").into())
}

fn root(request: &Request) -> Result<Root, Complaint> {
    let text = request.required("hash")?;
    request.parsed(&text, "Invalid block hash")
}

/// How many times harder than the node's default, for display only.
#[expect(clippy::cast_precision_loss, reason = "a node computes it with the same loss")]
fn multiplier(reached: Difficulty) -> String {
    let distance = |difficulty: Difficulty| difficulty.0.wrapping_neg() as f64;
    format!("{:.15}", distance(BASE) / distance(reached))
}

/// The hardest threshold of the network, which is the node's default.
const BASE: Difficulty = Network::Dev.thresholds().epoch_2_send;
/// The node's limit: 64 times its default.
const HIGHEST: Difficulty = Difficulty(BASE.0.wrapping_neg().div_ceil(64).wrapping_neg());
