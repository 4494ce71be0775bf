//! The processes of the demo: a host with an MCP server of its own, and the owner's commands.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use uuid::Uuid;

use super::Stage;

/// A host: the client's end of a paywarden process, which dies with it.
pub(super) struct Host {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    last_id: u64,
}

impl Host {
    /// Starts the server with settings of its own and shakes hands; gives what the server says of itself too.
    pub(super) async fn start(
        stage: Stage<'_>,
        home: &Path,
        settings: &[&str],
    ) -> Result<(Self, Value), String> {
        let mut child = command(stage, home)
            .args(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("paywarden cannot be started: {error}"))?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut host = Self { child, input, output: BufReader::new(output).lines(), last_id: 0 };
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "paywarden-demo", "version": env!("CARGO_PKG_VERSION") },
        });
        let greeting = host.request("initialize", params).await?;
        host.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        Ok((host, greeting))
    }

    /// Sends a request and gives its result.
    pub(super) async fn request(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.say(&request).await?;
        loop {
            let line = self.output.next_line().await.map_err(|error| error.to_string())?;
            let line = line.ok_or("the server ended before it answered")?;
            let mut message: Value = serde_json::from_str(&line)
                .map_err(|error| format!("the server said something else than JSON: {error}"))?;
            if message["id"] != id {
                continue;
            }
            return match message.get("error") {
                None => Ok(message["result"].take()),
                Some(error) => Err(format!("{method} was answered with {error}")),
            };
        }
    }

    /// Calls a tool and gives its structured content.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, String> {
        let params = json!({ "name": tool, "arguments": arguments });
        let mut result = self.request("tools/call", params).await?;
        if result["isError"] == true {
            return Err(format!("{tool}: {}", result["content"][0]["text"]));
        }
        Ok(result["structuredContent"].take())
    }

    /// Closes standard input, as a host does that ends, and waits for the server to go.
    pub(super) async fn close(self) -> Result<(), String> {
        let Self { mut child, input, .. } = self;
        drop(input);
        let status = child.wait().await.map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}")) }
    }

    async fn say(&mut self, message: &Value) -> Result<(), String> {
        let line = format!("{message}\n");
        let written = self.input.write_all(line.as_bytes()).await;
        written.map_err(|error| format!("the server does not listen: {error}"))
    }
}

/// A sandbox of its own that wallets can join, which dies with this.
pub(super) struct Network {
    _child: Child,
    /// Where its node is.
    pub(super) url: String,
}

impl Network {
    /// Serves one wherever there is room for all its ports.
    pub(super) async fn start(stage: Stage<'_>, home: &Path) -> Result<Self, String> {
        let mut said = String::new();
        for _ in 0..PLACES {
            let place = Uuid::new_v4().as_u128() % u128::from(LAST_PORT - FIRST_PORT);
            let port = FIRST_PORT + u16::try_from(place).unwrap_or_default();
            let mut child = command(stage, home)
                .args(["--json", "sandbox", "--memory", "--port-base", &port.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|error| format!("the sandbox cannot be started: {error}"))?;
            let output = child.stdout.take().ok_or("no standard output")?;
            let line = BufReader::new(output).lines().next_line().await;
            said = line.map_err(|error| error.to_string())?.unwrap_or_default();
            let told: Value = serde_json::from_str(&said).unwrap_or_default();
            if let Some(url) = told["services"][0]["url"].as_str() {
                return Ok(Self { _child: child, url: url.to_owned() });
            }
        }
        Err(format!("there is no room for a sandbox: {said}"))
    }
}

/// Runs a command of the owner's and gives what it printed as JSON.
pub(super) async fn operator(
    stage: Stage<'_>,
    home: &Path,
    words: &[&str],
) -> Result<Value, String> {
    let output = command(stage, home)
        .arg("--json")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| format!("paywarden cannot be started: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!(
            "`paywarden {}` ended with {}: {printed}",
            words.join(" "),
            output.status
        ));
    }
    serde_json::from_str(&printed).map_err(|error| format!("it printed no JSON: {error}"))
}

fn command(stage: Stage<'_>, home: &Path) -> Command {
    let mut command = Command::new(stage.program);
    for variable in stage.variables {
        command.env_remove(variable);
    }
    command.arg("--home").arg(home).args(["--network", "sandbox"]).kill_on_drop(true);
    command
}

/// Ports below those the system gives out by itself.
const FIRST_PORT: u16 = 12_000;
const LAST_PORT: u16 = 30_000;
const PLACES: u32 = 8;
