//! `paywarden sandbox`: says where the simulated services listen.
//!
//! Prints addresses and nothing else on standard output, so that a script can read them.

use serde::Serialize;

use super::escape::escape;
use super::print::{Printer, Trouble};

/// The simulated services, as they run.
#[derive(Clone, Debug, Serialize)]
pub struct Services {
    /// Name and address of each, in the order of their ports.
    pub services: Vec<Listening>,
    /// Where the Nano ledger is kept; `None` if nothing is.
    pub ledger: Option<String>,
}

/// One simulated service.
#[derive(Clone, Debug, Serialize)]
pub struct Listening {
    /// Its name.
    pub name: &'static str,
    /// Its address.
    pub url: String,
}

/// Says where the services listen: a line for each, or one line of JSON.
///
/// # Errors
/// When it cannot be written.
pub fn services(running: &Services, printer: Printer) -> Result<(), Trouble> {
    if printer.is_json() {
        printer.json_line(running)?;
    } else {
        let width = running.services.iter().map(|service| service.name.len()).max().unwrap_or(0);
        for Listening { name, url } in &running.services {
            printer.line(format_args!("{name:width$}  {url}"))?;
        }
    }
    let kept = match &running.ledger {
        Some(path) => format!("its ledger is kept in {}", escape(path)),
        None => "nothing is kept".to_owned(),
    };
    printer.note(format_args!("The sandbox runs with play money; {kept}. Ctrl-C ends it."));
    Ok(())
}
