//! Carrying out a call on the wallet that is open in this process, for whoever asks.
//!
//! Who an agent is follows from its token here and nowhere else: a name that comes with a call must never be believed.
//! Once an agent was let in, one without a valid token gets nothing but this refusal, as seeds/004 has the token
//! stand before its whole agent surface; the list of tools, which holds nothing of the wallet's, stays open.

use std::sync::Arc;

use crate::engine::Engine;
use crate::failure::Failure;
use crate::operations::{Answer, AnyOperation, Audience, Call, Caller, Context, registry};

/// Carries out a call on the wallet that is open in this process.
pub(super) async fn carry_out(engine: &Arc<Engine>, call: Call) -> Result<Answer, Failure> {
    let operation = find(&call.operation, &call.caller)?;
    if operation.spec().needs_operator_secret() {
        engine.check_operator(call.operator_secret).await?;
    }
    let caller = match call.caller {
        Caller::Operator => Caller::Operator,
        Caller::Agent(_) => Caller::Agent(engine.recognise_agent(call.agent_token.as_ref())?),
    };
    let context = Context {
        engine: Arc::clone(engine),
        call_id: call.id,
        caller,
        progress: call.progress,
        cancelled: call.cancelled,
    };
    operation.call(call.arguments, &context).await
}

/// The operation, if this caller may know of it.
fn find(name: &str, caller: &Caller) -> Result<&'static dyn AnyOperation, Failure> {
    let found = registry().iter().find(|operation| operation.spec().name == name);
    let allowed = found.filter(|operation| {
        *caller == Caller::Operator || operation.spec().audience != Audience::Operator
    });
    allowed.copied().ok_or_else(|| {
        let name: String = name.chars().take(crate::limits::ID_BYTES).collect();
        Failure::invalid("UNKNOWN_OPERATION", format!("there is no operation {name:?}"))
    })
}
