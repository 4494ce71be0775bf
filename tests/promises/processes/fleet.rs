//! Several servers on one home, each with many callers, any of which may be killed while they wait.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Home, SHOP};

/// Servers that are started again when they are killed.
pub(super) struct Fleet {
    pub(super) home: Home,
    slots: Vec<Mutex<Slot>>,
    words: Vec<&'static str>,
    /// What no server may ever do.
    faults: Arc<Mutex<Vec<String>>>,
}

/// The process is gone; whether it heard the call is unknown.
#[derive(Debug)]
pub(super) struct Lost;

/// What a tool said.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Structured content.
    Facts(Value),
    /// The text of an error; its code comes first.
    Error(String),
}

struct Slot {
    child: Child,
    host: Arc<Host>,
}

/// The client's end of one process; for any number of threads.
struct Host {
    /// `None` once it is closed.
    input: Mutex<Option<ChildStdin>>,
    /// `None` once the process is gone.
    waiting: Mutex<Option<HashMap<u64, Sender<Value>>>>,
    last_id: AtomicU64,
}

impl Fleet {
    pub(super) fn start(home: Home, size: usize) -> Self {
        Self::start_with(home, size, &[])
    }

    pub(super) fn start_with(home: Home, size: usize, words: &[&'static str]) -> Self {
        let faults = Arc::default();
        let words = words.to_vec();
        let slots = (0..size).map(|_| Mutex::new(launch(&home, &words, &faults))).collect();
        Self { home, slots, words, faults }
    }

    /// Calls a tool through one of the servers.
    pub(super) fn call(&self, slot: usize, tool: &str, arguments: &Value) -> Result<Said, Lost> {
        let host = Arc::clone(&self.slots[slot].lock().unwrap().host);
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = host.ask("tools/call", &params)?;
        let result = &answer["result"];
        if result["isError"] == false {
            return Ok(Said::Facts(result["structuredContent"].clone()));
        }
        match result["content"][0]["text"].as_str() {
            Some(text) => Ok(Said::Error(text.to_owned())),
            None => panic!("an answer that is none: {answer}"),
        }
    }

    /// Pays the shop.
    pub(super) fn send(&self, slot: usize, key: &str, amount: &str) -> Result<Said, Lost> {
        let arguments =
            json!({ "recipient_address": SHOP, "amount": amount, "idempotency_key": key });
        self.call(slot, "wallet_send", &arguments)
    }

    /// Asks whichever server is there until there is an answer.
    pub(super) fn insist(&self, slot: usize, tool: &str, arguments: &Value) -> Value {
        for attempt in 0..100 {
            match self.call((slot + attempt) % self.slots.len(), tool, arguments) {
                Ok(Said::Facts(facts)) => return facts,
                Ok(Said::Error(error)) => panic!("{tool} {arguments}: {error}"),
                Err(Lost) => {}
            }
        }
        panic!("{tool}: a hundred processes died")
    }

    /// The slot of the process that has the lock, if it is one of ours.
    pub(super) fn keeper(&self) -> Option<usize> {
        let pid: u32 =
            std::fs::read_to_string(self.home.file("wallet.lock")).ok()?.trim().parse().ok()?;
        self.slots.iter().position(|slot| slot.lock().unwrap().child.id() == pid)
    }

    /// Kills a server with SIGKILL and starts another in its place.
    pub(super) fn kill(&self, slot: usize) {
        let mut slot = self.slots[slot].lock().unwrap();
        slot.child.kill().unwrap();
        slot.child.wait().unwrap();
        *slot = launch(&self.home, &self.words, &self.faults);
    }

    /// Ends all servers as a host does and gives the home back.
    pub(super) fn end(self) -> Home {
        for slot in self.slots {
            let mut slot = slot.into_inner().unwrap();
            drop(slot.host.input.lock().unwrap().take());
            let status = slot.child.wait().unwrap();
            assert_eq!(status.code(), Some(0));
        }
        let errors = std::fs::read_to_string(errors_file(&self.home)).unwrap();
        assert!(!errors.contains("panicked"), "{errors}");
        assert_eq!(*self.faults.lock().unwrap(), Vec::<String>::new());
        self.home
    }
}

impl Host {
    fn ask(&self, method: &str, params: &Value) -> Result<Value, Lost> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (answer, answered) = channel();
        self.waiting.lock().unwrap().as_mut().ok_or(Lost)?.insert(id, answer);
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        match answered.recv_timeout(PATIENCE) {
            Ok(answer) => Ok(answer),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(Lost),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                panic!("no answer within {PATIENCE:?} to {method} {params}")
            }
        }
    }

    fn say(&self, message: &Value) -> Result<(), Lost> {
        let line = format!("{message}\n");
        let mut input = self.input.lock().unwrap();
        let input = input.as_mut().ok_or(Lost)?;
        input.write_all(line.as_bytes()).and_then(|()| input.flush()).map_err(|_| Lost)
    }
}

/// Where the standard error of every server of a home goes.
pub(super) fn errors_file(home: &Home) -> std::path::PathBuf {
    home.path().with_extension("stderr")
}

/// Where the standard output of every server of a home is kept.
pub(super) fn output_file(home: &Home) -> std::path::PathBuf {
    home.path().with_extension("stdout")
}

fn launch(home: &Home, words: &[&str], faults: &Arc<Mutex<Vec<String>>>) -> Slot {
    let append = |path| OpenOptions::new().create(true).append(true).open(path).unwrap();
    let errors = append(errors_file(home));
    let mut kept = append(output_file(home));
    let mut command = home.command();
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
    let mut child = command.spawn().unwrap();
    let host = Arc::new(Host {
        input: Mutex::new(child.stdin.take()),
        waiting: Mutex::new(Some(HashMap::new())),
        last_id: AtomicU64::new(0),
    });
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (reading, faults) = (Arc::clone(&host), Arc::clone(faults));
    std::thread::spawn(move || {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = output.read_until(b'\n', &mut line).unwrap_or(0);
            // A line that a kill cut off is none.
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            kept.write_all(&line).unwrap();
            match serde_json::from_slice::<Value>(&line) {
                Ok(message) => reading.deliver(message),
                Err(error) => faults.lock().unwrap().push(format!("no JSON: {error}: {line:?}")),
            }
        }
        *reading.waiting.lock().unwrap() = None;
    });
    // A process that dies at once is found dead by the first call.
    let client = json!({ "name": "test", "version": "0" });
    let _ = host.ask(
        "initialize",
        &json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }),
    );
    let _ = host.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    Slot { child, host }
}

impl Host {
    fn deliver(&self, message: Value) {
        let Some(id) = message["id"].as_u64().filter(|_| message.get("method").is_none()) else {
            return;
        };
        let waiting = self.waiting.lock().unwrap().as_mut().and_then(|open| open.remove(&id));
        if let Some(waiting) = waiting {
            let _ = waiting.send(message);
        }
    }
}

/// Longer than any call may take.
const PATIENCE: Duration = Duration::from_secs(100);
