//! What is typed and shown at the terminal itself: secrets, phrases, and answers that matter. Never read from an
//! argument, the environment or standard input, where an agent could put or find them; secrets are never echoed.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};

use zeroize::Zeroizing;

use crate::failure::{Failure, Retry};
use crate::limits;
use crate::secret::Secret;

/// Asks for a secret at the terminal itself, wherever standard input comes from.
///
/// # Errors
/// When there is no terminal.
pub fn ask_secret(prompt: &str) -> Result<Secret, Failure> {
    rpassword::prompt_password(format!("{prompt}: "))
        .map(Secret::new)
        .map_err(|error| no_terminal(&error))
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

/// The terminal, past standard input and output: what is shown here is in no file and no pipe.
#[derive(Debug)]
pub struct Terminal {
    input: File,
    output: File,
}

impl Terminal {
    /// The terminal this process was started at.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> Result<Self, Failure> {
        let (input, output) = if cfg!(windows) { ("CONIN$", "CONOUT$") } else { (TTY, TTY) };
        let open = |path: &str, writes: bool| {
            OpenOptions::new().read(true).write(writes).open(path).map_err(|e| no_terminal(&e))
        };
        Ok(Self { input: open(input, cfg!(windows))?, output: open(output, true)? })
    }

    /// Shows one line.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn show(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        let text = Zeroizing::new(format!("{line}\n"));
        let shown = self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush());
        shown.map_err(|error| no_terminal(&error))
    }

    /// Asks for something that may be seen.
    ///
    /// # Errors
    /// When the terminal went away, or the line is longer than any answer.
    pub fn ask(&mut self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        let asked = self.output.write_all(format!("{prompt}: ").as_bytes());
        asked.and_then(|()| self.output.flush()).map_err(|error| no_terminal(&error))?;
        let mut line = Zeroizing::new(Vec::with_capacity(limits::TYPED_BYTES));
        let mut byte = [0];
        // Byte by byte: what comes after the line is for whoever asks next.
        loop {
            match self.input.read(&mut byte) {
                Ok(0) if line.is_empty() => {
                    return Err(no_terminal(&io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(0) => break,
                Ok(_) if byte == *b"\n" => break,
                Ok(_) if line.len() >= limits::TYPED_BYTES => {
                    let message = format!("the line is longer than {} bytes", limits::TYPED_BYTES);
                    return Err(Failure::invalid("LINE_TOO_LONG", message));
                }
                Ok(_) => line.push(byte[0]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(no_terminal(&error)),
            }
        }
        Ok(Zeroizing::new(String::from_utf8_lossy(&line).trim().to_owned()))
    }

    /// Asks for a plain yes; anything else is a no.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn agrees(&mut self, question: &str) -> Result<bool, Failure> {
        let answer = self.ask(&format!("{question} Type yes to go on"))?;
        Ok(answer.eq_ignore_ascii_case("yes"))
    }
}

fn no_terminal(error: &io::Error) -> Failure {
    Failure::unavailable("NO_TERMINAL", format!("this is asked at a terminal: {error}"))
        .hint("Run this command in a terminal window")
        .retry(Retry::AfterOperator)
}

const TTY: &str = "/dev/tty";
