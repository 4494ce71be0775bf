//! Whole sessions over in-memory pipes, line by line as a host would speak.

mod asking;
mod calls;
mod ending;
mod handshake;
mod hostile;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Options, ServeError, serve_operations};
use crate::clock::{BoxFuture, Clock, SystemClock};
use crate::failure::Failure;
use crate::operations::{
    Access, Answer, AnyOperation, Audience, Call, Context, Gate, Spec, Verdict,
};

/// A client's end of a session.
struct Session {
    input: Option<DuplexStream>,
    output: Lines<BufReader<DuplexStream>>,
    task: JoinHandle<Result<(), ServeError>>,
    shutdown: CancellationToken,
    gate: Arc<FakeGate>,
}

impl Session {
    /// A session nothing was said in yet.
    fn start(options: Options) -> Self {
        Self::start_with(&FAKES, options)
    }

    fn start_with(operations: &'static [&'static dyn AnyOperation], options: Options) -> Self {
        let (input, reader) = tokio::io::duplex(PIPE_BYTES);
        let (writer, output) = tokio::io::duplex(PIPE_BYTES);
        let gate = Arc::new(FakeGate::default());
        let shutdown = CancellationToken::new();
        let served = Arc::clone(&gate) as Arc<dyn Gate>;
        let stop = shutdown.clone();
        let task = tokio::spawn(async move {
            serve_operations(served, operations, options, reader, writer, stop).await
        });
        let output = BufReader::new(output).lines();
        Self { input: Some(input), output, task, shutdown, gate }
    }

    /// A session after the handshake of 2025-11-25.
    async fn initialized(options: Options) -> Self {
        let mut session = Self::start(options);
        session.initialize("2025-11-25").await;
        session
    }

    async fn initialize(&mut self, version: &str) -> Value {
        self.initialize_with(version, json!({})).await
    }

    async fn initialize_with(&mut self, version: &str, capabilities: Value) -> Value {
        let params = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": {"name": "test", "version": "0"},
        });
        let result = self.ask("initialize", params).await["result"].clone();
        self.say(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        result
    }

    /// Sends a request under an id of its own and gives the answer, which must be the next line.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = format!("ask-{}", NEXT_ID.fetch_add(1, Ordering::Relaxed));
        self.request(json!(id), method, params).await;
        let answer = self.next().await;
        assert_eq!(answer["id"], json!(id), "{answer}");
        answer
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Sends a request and does not wait.
    async fn request(&mut self, id: Value, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.say(message).await;
    }

    async fn cancel(&mut self, id: Value) {
        let params = json!({"requestId": id, "reason": "changed my mind"});
        let method = "notifications/cancelled";
        self.say(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    async fn say(&mut self, message: Value) {
        self.line(message.to_string()).await;
    }

    async fn line(&mut self, line: impl AsRef<[u8]>) {
        self.raw(&[line.as_ref(), b"\n"].concat()).await;
    }

    async fn raw(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).await.unwrap();
    }

    /// The next line, which must be JSON.
    async fn next(&mut self) -> Value {
        self.next_or_end().await.expect("the server said something")
    }

    async fn next_within(&mut self, patience: Duration) -> Value {
        self.next_or_end_within(patience).await.expect("the server said something")
    }

    async fn next_or_end(&mut self) -> Option<Value> {
        self.next_or_end_within(PATIENCE).await
    }

    async fn next_or_end_within(&mut self, patience: Duration) -> Option<Value> {
        let line = tokio::select! {
            line = self.output.next_line() => line.unwrap()?,
            () = SystemClock.sleep(patience) => panic!("no answer"),
        };
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// The next line answers what was wrong: its id and code.
    async fn refusal(&mut self) -> (Value, i64) {
        let answer = self.next().await;
        (answer["id"].clone(), answer["error"]["code"].as_i64().unwrap())
    }

    /// The session still works.
    async fn works(&mut self) {
        let answer = self.call("wallet_balance", json!({})).await;
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }

    /// Ends the input and gives what was said until the end.
    async fn end(mut self) -> (Vec<Value>, Result<(), ServeError>) {
        drop(self.input.take());
        let mut rest = Vec::new();
        while let Some(line) = self.next_or_end().await {
            rest.push(line);
        }
        (rest, self.task.await.unwrap())
    }
}

/// Does what the arguments of a call say.
#[derive(Debug, Default)]
struct FakeGate {
    calls: Mutex<Vec<Call>>,
    running: AtomicUsize,
    most_running: AtomicUsize,
    released: CancellationToken,
}

impl FakeGate {
    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn last_call(&self) -> Call {
        self.calls.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait]
impl Gate for FakeGate {
    async fn call(&self, call: Call) -> Result<Answer, Failure> {
        self.calls.lock().unwrap().push(call.clone());
        if let Some(output) = asking::aside(&call).await {
            let Value::Object(output) = output else { unreachable!() };
            return Ok(Answer { verdict: Verdict::Done, output, image: None });
        }
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        let text = |key: &str| call.arguments.get(key).and_then(Value::as_str);
        let mut verdict = Verdict::Done;
        match text("do").unwrap_or("answer") {
            "fail" => return Err(Failure::refused("WALLET_FROZEN", "the wallet is frozen")),
            "deny" => verdict = Verdict::Refused,
            "ask" => verdict = Verdict::Ask,
            "panic" => panic!("a bug"),
            "hang" => std::future::pending().await,
            "wait" => self.released.cancelled().await,
            "heed" => call.cancelled.cancelled().await,
            "report" => {
                for (done, total) in [(1, None), (1, Some(3)), (2, Some(3))] {
                    call.progress.report(done, total, format!("step {done}"));
                }
            }
            "flood" => (0..10_000).for_each(|done| call.progress.report(done, None, "")),
            _ => {}
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
        let status = if verdict == Verdict::Done { "settled" } else { "denied" };
        let echo = text("echo").unwrap_or_default();
        let mut output = json!({"status": status, "echo": echo, "network": "sandbox"});
        if verdict == Verdict::Ask {
            output["status"] = json!("pending_approval");
            output["approval_id"] = json!(asking::APPROVAL);
        }
        let Value::Object(output) = output else { unreachable!() };
        Ok(Answer { verdict, output, image: None })
    }
}

/// Counts how often its schema is made.
struct Fake {
    spec: Spec,
    schemas: AtomicUsize,
}

impl Fake {
    const fn new(name: &'static str, toolset: &'static str, access: Access) -> Self {
        let spec = Spec {
            name,
            title: "Fake",
            description: "Does as it is told.",
            audience: Audience::Agent,
            access,
            toolset,
            open_world: false,
        };
        Self { spec, schemas: AtomicUsize::new(0) }
    }

    const fn for_operator(name: &'static str) -> Self {
        let mut fake = Self::new(name, "guard", Access::Write);
        fake.spec.audience = Audience::Operator;
        fake
    }
}

impl AnyOperation for &'static Fake {
    fn spec(&self) -> &'static Spec {
        let fake: &'static Fake = self;
        &fake.spec
    }

    fn input_schema(&self) -> Map<String, Value> {
        self.schemas.fetch_add(1, Ordering::Relaxed);
        Map::from_iter([("type".to_owned(), json!("object"))])
    }

    fn output_schema(&self) -> Map<String, Value> {
        Map::from_iter([("type".to_owned(), json!("object"))])
    }

    fn call<'a>(
        &'a self,
        _: Map<String, Value>,
        _: &'a Context,
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        unreachable!("a surface calls the gate")
    }
}

static SEND: Fake = Fake::new("wallet.send", "wallet", Access::Spend);
static BALANCE: Fake = Fake::new("wallet.balance", "wallet", Access::Read);
static REQUEST: Fake = Fake::new("payment.request", "payment", Access::Write);
static UNFREEZE: Fake = Fake::for_operator("guard.unfreeze");
/// Not in the order of names.
static FAKES: [&dyn AnyOperation; 4] = [&&SEND, &&BALANCE, &&REQUEST, &&UNFREEZE];

static NEXT_ID: AtomicUsize = AtomicUsize::new(0);
const PIPE_BYTES: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);
