//! What every spending operation does once its arguments are an order: ask, then wait for the outcome.

use super::Context;
use crate::engine::{Engine, Order, Paid};
use crate::failure::Failure;
use crate::ids::PaymentId;
use crate::limits;
use crate::policy::Claims;

/// Asks for the payment and waits up to [`limits::SPEND_WAIT`] for its outcome; whoever stops waiting stops nothing.
///
/// # Errors
/// Before a payment id exists.
pub(super) async fn spend(order: Order, context: &Context) -> Result<Paid, Failure> {
    spend_claiming(order, Claims::default(), context).await
}

/// As [`spend`], with what the agent says is bought.
///
/// # Errors
/// Those of [`spend`].
pub(super) async fn spend_claiming(
    order: Order,
    claims: Claims,
    context: &Context,
) -> Result<Paid, Failure> {
    let asked = context.engine.pay_claiming(order, claims).await?;
    outcome(asked.payment.id(), context).await
}

/// Waits for the outcome of a payment that was asked for, as [`spend`] does.
///
/// # Errors
/// The store's.
pub(super) async fn outcome(id: PaymentId, context: &Context) -> Result<Paid, Failure> {
    let progress = &context.progress;
    let total = Some(limits::SPEND_WAIT.as_secs());
    let wait = context.engine.wait_for_payment(
        id,
        limits::SPEND_WAIT,
        &context.cancelled,
        |paid, waited| progress.report(waited.as_secs(), total, stage(paid, &context.engine)),
    );
    let paid = wait.await?;
    if context.cancelled.is_cancelled() {
        let status = paid.payment.state.status();
        tracing::info!(%id, ?status, "a call was cancelled; its payment is not");
    }
    Ok(paid)
}

fn stage(paid: &Paid, engine: &Engine) -> String {
    let id = paid.payment.id();
    let state = &paid.payment.state;
    match (state.block(), state.intent()) {
        (Some(block), _) => {
            let hash = block.hash();
            match engine.work_progress(&block.block.block.root()) {
                Some(progress) => format!("payment {id}: block {hash} waits for {progress}"),
                None => format!("payment {id}: block {hash} waits for confirmation"),
            }
        }
        (None, Some(_)) => format!("payment {id}: its proof is in the payee's hands"),
        (None, None) => format!("payment {id}: waits for its account or payee to be free"),
    }
}
