//! `paywarden completions`: what a shell needs to complete commands. Says nothing of any wallet.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};
use serde_json::json;

use super::args::Arguments;
use super::print::{Exit, Printer, Trouble};

/// Prints the script for one shell.
///
/// # Errors
/// When the output cannot be written.
pub fn completions(shell: Shell, printer: Printer) -> Result<Exit, Trouble> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "paywarden", &mut script);
    let script = String::from_utf8_lossy(&script);
    if printer.is_json() {
        printer.value(&json!({ "shell": shell.to_string(), "script": script }))?;
    } else {
        printer.line(script.trim_end())?;
    }
    Ok(Exit::Done)
}
