//! A terminal for the binary, made by util-linux `script`: what a person sees and types.

#![allow(dead_code, reason = "each test target uses its part")]

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Home;

/// `paywarden` at a terminal of its own.
pub struct Terminal {
    child: Child,
    /// Everything that was on the screen so far.
    pub said: String,
}

impl Terminal {
    /// `None` where there is no `script`. The words are the shell's, so that a test can send output to a file.
    pub fn start(home: &Home, words: &str) -> Option<Self> {
        let program = home.command();
        let line = format!("{} {words}", program.get_program().to_str().unwrap());
        let mut script = Command::new("script");
        script.args(["-q", "-e", "-c", &line, "/dev/null"]).env_clear();
        script.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = script.spawn().ok();
        if child.is_none() {
            eprintln!("skipped: this system has no `script` to give a program a terminal");
        }
        Some(Self { child: child?, said: String::new() })
    }

    /// Waits for the next prompt that ends so, and types.
    pub fn answer(&mut self, prompt: &str, typed: &str) -> &mut Self {
        let before = self.said.len();
        self.read_until(before, prompt);
        // The prompt is written before the echo is off, if only just.
        std::thread::sleep(Duration::from_millis(100));
        writeln!(self.child.stdin.as_mut().unwrap(), "{typed}").unwrap();
        self
    }

    /// Both secrets, each twice.
    pub fn secrets(&mut self, unlock: &str, operator: &str) -> &mut Self {
        for secret in [unlock, unlock, operator, operator] {
            self.answer(": ", secret);
        }
        self
    }

    /// Reads the words of a new phrase and gives the two that are asked for.
    pub fn confirm(&mut self) -> Vec<String> {
        let before = self.said.len();
        self.read_until(before, "of your copy: ");
        let words = shown_words(&self.said);
        for turn in 0..2 {
            if turn > 0 {
                let before = self.said.len();
                self.read_until(before, "of your copy: ");
            }
            let asked = self.said.rsplit("Word ").next().unwrap();
            let place: usize = asked.split(' ').next().unwrap().parse().unwrap();
            writeln!(self.child.stdin.as_mut().unwrap(), "{}", words[place - 1]).unwrap();
        }
        words
    }

    /// Everything that was on the screen, and how the program ended.
    pub fn end(&mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        self.child.stdout.as_mut().unwrap().read_to_end(&mut rest).unwrap();
        self.said.push_str(&String::from_utf8_lossy(&rest));
        let status = self.child.wait().unwrap();
        (self.said.clone(), status.code())
    }

    fn read_until(&mut self, before: usize, end: &str) {
        let mut bytes = self.said.as_bytes().to_vec();
        while !bytes[before..].ends_with(end.as_bytes()) {
            let mut byte = [0];
            let read = self.child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert!(read == 1, "no prompt {end:?} came: {}", String::from_utf8_lossy(&bytes));
            bytes.push(byte[0]);
        }
        self.said = String::from_utf8(bytes).unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The words of a phrase as `init` shows them: six a line, each after its number.
pub fn shown_words(said: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in said.lines() {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let numbered =
            parts.len() == 12 && (0..6).all(|at| parts[2 * at].parse() == Ok(words.len() + at + 1));
        if numbered {
            words.extend((0..6).map(|at| parts[2 * at + 1].to_owned()));
        }
    }
    words
}
