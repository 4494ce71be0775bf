//! What every Nicky tool needs to ask: which request, which id, who pays.

use crate::engine::provider_failure;
use crate::failure::{Failure, Retry};
use crate::operations::Context;
use crate::operations::fields::quoted;
use crate::providers::Opaque;
use crate::providers::nicky::{Found, NotPayable, Payer, PayerError, Reference};

/// The request that a pasted text names, and the text's own reading.
///
/// # Errors
/// `NICKY_LINK` when it names none, or Nicky's.
pub(super) async fn find(text: &str, context: &Context) -> Result<(Reference, Found), Failure> {
    let reference: Reference =
        text.parse().map_err(|error: crate::providers::nicky::LinkError| {
            Failure::invalid("NICKY_LINK", format!("{}: {error}", quoted(text)))
                .hint("Give the request's short id, #ID, or its whole https://pay.nicky.me/ link")
        })?;
    let nicky = context.engine.services().nicky().await?;
    let found = nicky.get_payment_request(&reference).await;
    Ok((reference, found.map_err(|error| provider_failure(&error))?))
}

/// An id of Nicky's, as it came.
///
/// # Errors
/// `INVALID_ID`.
pub(super) fn id(field: &str, text: &str) -> Result<Opaque, Failure> {
    text.parse().map_err(|error| {
        Failure::invalid("INVALID_ID", format!("{field} is {}: {error}", quoted(text)))
    })
}

/// Who pays: as said with the call, or as the owner has set.
///
/// # Errors
/// `PAYER_MISSING` or `PAYER_INVALID`.
pub(super) fn payer(
    name: Option<&str>,
    email: Option<&str>,
    context: &Context,
) -> Result<Payer, Failure> {
    let owners = context.engine.services().payer();
    let (name, email) = (name.or(owners.name.as_deref()), email.or(owners.email.as_deref()));
    let (Some(name), Some(email)) = (name, email) else {
        let message = "Nicky wants the payer's name and e-mail address";
        return Err(Failure::invalid("PAYER_MISSING", message).hint(
            "Ask the user for both and never make them up; the owner can set NICKY_PAYER_NAME and NICKY_PAYER_EMAIL",
        ));
    };
    Payer::new(name, email).map_err(|error: PayerError| {
        Failure::invalid("PAYER_INVALID", error.to_string())
            .hint("Ask the user for the real name and e-mail address")
    })
}

/// Why nothing was signed.
pub(super) fn not_payable(error: &NotPayable) -> Failure {
    let failure = Failure::refused("NICKY_NOT_PAYABLE", error.to_string());
    match error {
        NotPayable::NothingOpen => failure
            .hint("Do not pay: look again with nicky.get_payment_request in some minutes")
            .retry(Retry::Safe),
        NotPayable::TooLate { .. } => failure
            .hint("Wait until the attempt has expired, then call again: a new address is given")
            .retry(Retry::Safe),
        NotPayable::Status(_) => failure.hint("Only a request that is PaymentPending can be paid"),
        _ => {
            failure.hint("Nicky's answer does not fit; ask support@nicky.me and do not pay by hand")
        }
    }
}
