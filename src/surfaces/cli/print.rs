//! Printing: the only place of this surface that writes to standard output and error.
//!
//! It must never fail loudly over a reader that went away, as `head` does.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use super::escape::{escape, escape_json};
use crate::failure::{Failure, Kind};
use crate::operations::Verdict;

/// How a command ends, as the shell sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// 0.
    Done,
    /// 1: broken.
    Broken,
    /// 2: not understood.
    Invalid,
    /// 3: refused.
    Refused,
    /// 4: something needed is out of reach.
    Unavailable,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Broken => 1,
            Self::Invalid => 2,
            Self::Refused => 3,
            Self::Unavailable => 4,
        }
    }
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Internal => Self::Broken,
            Kind::Invalid => Self::Invalid,
            Kind::Refused => Self::Refused,
            Kind::Unavailable => Self::Unavailable,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Refused => Self::Refused,
            // A payment under way is neither refused nor broken; the text says where it is.
            Verdict::Ask | Verdict::Done | Verdict::Unknown => Self::Done,
        }
    }
}

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The wallet says so.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// What was to be said cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Prints for a person, or JSON for a program.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    json: bool,
}

impl Printer {
    /// With `json`, programs read what is printed.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads it.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// One line for a person; text of others in it has been escaped.
    ///
    /// # Errors
    /// The system's.
    pub fn line(self, line: impl fmt::Display) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// One JSON value for a program.
    ///
    /// # Errors
    /// The system's.
    pub fn value(self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.line(escape_json(&text))
    }

    /// One JSON value on a line of its own, in a stream of them.
    ///
    /// # Errors
    /// The system's.
    pub fn json_line(self, value: &impl Serialize) -> Result<(), Trouble> {
        let text = serde_json::to_string(value).map_err(io::Error::from)?;
        Ok(self.line(escape_json(&text))?)
    }

    /// A note beside the output.
    pub fn note(self, note: impl fmt::Display) {
        // Nobody is left to be told that standard error is gone.
        let _ = writeln!(io::stderr().lock(), "{note}");
    }

    /// Says how the command ended and gives its exit code.
    pub fn finish(self, result: Result<Exit, Trouble>) -> Exit {
        match result {
            Ok(exit) => exit,
            Err(Trouble::Failure(failure)) => self.failure(&failure),
            // A reader that has seen enough is no trouble.
            Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Err(trouble) => {
                self.note(format_args!("error: {trouble}"));
                Exit::Broken
            }
        }
    }

    fn failure(self, failure: &Failure) -> Exit {
        if self.json {
            let Failure { code, message, hint, sent, retry, .. } = failure;
            let error = json!({
                "code": code, "message": message, "hint": hint, "sent": sent, "retry": retry,
            });
            // The exit code says it even where nobody reads.
            let _ = self.value(&json!({ "error": error }));
        } else {
            self.note(format_args!("error: {} ({})", escape(&failure.message), failure.code));
            if !failure.hint.is_empty() {
                self.note(format_args!("hint: {}", escape(&failure.hint)));
            }
        }
        failure.kind.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code() {
        let code = |kind: Kind| Exit::from(kind).code();
        let kinds = [Kind::Internal, Kind::Invalid, Kind::Refused, Kind::Unavailable];
        assert_eq!(kinds.map(code), [1, 2, 3, 4]);
        assert_eq!(Exit::from(Verdict::Refused).code(), 3);
        for verdict in [Verdict::Done, Verdict::Ask, Verdict::Unknown] {
            assert_eq!(Exit::from(verdict).code(), 0);
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_trouble() {
        let gone = Trouble::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(Printer::new(false).finish(Err(gone)), Exit::Done);
        let full = Trouble::Output(io::ErrorKind::StorageFull.into());
        assert_eq!(Printer::new(false).finish(Err(full)), Exit::Broken);
    }
}
