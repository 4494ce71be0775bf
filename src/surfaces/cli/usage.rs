//! What was typed, or what is wrong with it: for a program as JSON, where it asked for that. Never acts on a line that
//! was understood in part.

use clap::Parser as _;
use clap::error::ErrorKind;

use super::args::Arguments;
use super::print::{Exit, Printer};
use crate::failure::Failure;

/// The process's command line.
///
/// # Errors
/// How to end when there is nothing to do: help was asked for, or the line makes no sense.
pub fn parse() -> Result<Arguments, Exit> {
    Arguments::try_parse().map_err(|error| {
        let helps = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        let wants_json = std::env::args_os().any(|word| word == "--json");
        if helps || !wants_json {
            // Nobody is left to be told that the output is gone.
            let _ = error.print();
            return if helps { Exit::Done } else { Exit::Invalid };
        }
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let tip = text.lines().map(str::trim).find(|line| line.starts_with("tip: "));
        let hint =
            tip.map_or("`paywarden --help` shows what there is", |tip| &tip["tip: ".len()..]);
        Printer::new(true).finish(Err(Failure::invalid("USAGE", message).hint(hint).into()))
    })
}
