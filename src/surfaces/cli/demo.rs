//! `paywarden demo`: the whole story, told by a real host speaking MCP to real paywarden processes.
//!
//! Nothing here is pretended: each step asks a process of its own, and a step that did not happen ends the demo. It
//! must never touch the owner's wallet: it lives in a home of its own, with play money.

mod host;
mod story;
mod two_agents;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::print::{Exit, Printer, Trouble};
use super::welcome::quoted;
use crate::clock::{Clock, SystemClock};
use crate::failure::Failure;
use story::{STEPS, Story};

/// What the demo is played with.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// This program.
    pub program: &'a Path,
    /// Environment variables that hold settings of the owner's, which its processes must not inherit.
    pub variables: &'a [&'static str],
}

/// Tells the story.
///
/// # Errors
/// When a step did not happen, naming it.
pub async fn demo(stage: Stage<'_>, printer: Printer) -> Result<Exit, Trouble> {
    let home = TemporaryHome::make().map_err(|error| {
        Failure::internal("DEMO_HOME", format!("no directory for the demo can be made: {error}"))
    })?;
    let started = SystemClock.now();
    let mut story = Story::new(stage, &home.0);
    let mut told = Vec::new();
    if !printer.is_json() {
        printer.line(TITLE)?;
    }
    for (index, step) in STEPS.into_iter().enumerate() {
        let left = TIMEOUT.saturating_sub(SystemClock.now().since(started));
        let played = tokio::select! {
            played = story.play(step) => played,
            () = SystemClock.sleep(left) => Err("it took too long".to_owned()),
        };
        let mark = if played.is_ok() { '✓' } else { '✗' };
        if !printer.is_json() {
            printer.line(format_args!("\n {mark} {}", step.title()))?;
        }
        let lines = played.map_err(|why| {
            let message = format!("step {} ({}) did not happen: {why}", index + 1, step.title());
            Failure::internal("DEMO_FAILED", message)
        })?;
        if !printer.is_json() {
            for line in lines.iter().flat_map(|line| wrapped(line)) {
                printer.line(format_args!("     {}", super::escape(&line)))?;
            }
        }
        told.push(json!({ "step": step.title(), "lines": lines }));
    }
    let took_ms = u64::try_from(SystemClock.now().since(started).as_millis()).unwrap_or(u64::MAX);
    if printer.is_json() {
        printer.value(&json!({ "ok": true, "steps": told, "took_ms": took_ms }))?;
    } else {
        let seconds = Duration::from_millis(took_ms).as_secs_f64();
        printer.line(format_args!("\nAll {} steps happened, in {seconds:.1} s.", STEPS.len()))?;
        printer.line("To give it to Claude Code:\n")?;
        let program = quoted(&stage.program.display().to_string());
        printer.line(format_args!("  claude mcp add paywarden -- {program}"))?;
    }
    Ok(Exit::Done)
}

/// Lines short enough for a terminal; what follows the first keeps its indentation.
fn wrapped(line: &str) -> Vec<String> {
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut lines: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

/// A directory for the owner alone that goes away with the demo.
struct TemporaryHome(PathBuf);

impl TemporaryHome {
    fn make() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("paywarden-demo-{}", Uuid::new_v4()));
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryHome {
    fn drop(&mut self) {
        // What stays behind is play money in a directory for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

const TITLE: &str = "paywarden demo: an agent pays, its owner decides. Play money, in a home of \
    its own\nthat is removed at the end.";
const TIMEOUT: Duration = Duration::from_secs(90);
const LINE_CHARS: usize = 84;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_at_words() {
        assert_eq!(wrapped("  a rule"), ["  a rule"]);
        let lines = wrapped(&format!("  {}", "word ".repeat(40)));
        assert!(lines.iter().all(|line| line.chars().count() <= LINE_CHARS));
        assert!(lines.iter().all(|line| line.starts_with("  word") && line.ends_with("word")));
        assert_eq!(wrapped(&"x".repeat(200)).len(), 1);
    }
}
