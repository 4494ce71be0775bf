//! Secrets typed at the terminal. Never read from an argument, the environment or standard input, where an agent could
//! put or find them; never echoed.

use crate::failure::{Failure, Retry};
use crate::secret::Secret;

/// Asks for a secret at the terminal itself, wherever standard input comes from.
///
/// # Errors
/// When there is no terminal.
pub fn ask_secret(prompt: &str) -> Result<Secret, Failure> {
    rpassword::prompt_password(format!("{prompt}: ")).map(Secret::new).map_err(|error| {
        Failure::unavailable("NO_TERMINAL", format!("a secret is typed at a terminal: {error}"))
            .hint("Run this command in a terminal window")
            .retry(Retry::AfterOperator)
    })
}

/// Asks twice, for a secret that is being set.
///
/// # Errors
/// When there is no terminal, or the two differ.
pub fn ask_new_secret(prompt: &str) -> Result<Secret, Failure> {
    let first = ask_secret(prompt)?;
    let second = ask_secret(&format!("{prompt}, once more"))?;
    if first.is_same_as(&second) {
        return Ok(first);
    }
    Err(Failure::invalid("SECRETS_DIFFER", "the two are not the same")
        .hint("Run the command again"))
}
