//! What somebody who starts paywarden on a bare terminal is told.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

/// What this is, what it waits for, and how a host is given it. `flags` are those that this start was given.
pub fn welcome(program: &Path, flags: &[String], network: &str) -> String {
    let program = program.display().to_string();
    let words: Vec<String> = flags.iter().map(|flag| quoted(flag)).collect();
    let tail = if words.is_empty() { String::new() } else { format!(" {}", words.join(" ")) };
    let money = if network == "sandbox" { " (play money)" } else { "" };
    let server = Server { command: &program, args: flags };
    let server = BTreeMap::from([("mcpServers", BTreeMap::from([("paywarden", server)]))]);
    let block = serde_json::to_string_pretty(&server).unwrap_or_default();
    format!(
        "paywarden {version} is a wallet for AI agents: an MCP server on standard input and output.\n\
         It now waits for a host to speak JSON-RPC, on network {network}{money}.\n\n\
         Give it to Claude Code:\n\n    \
         claude mcp add paywarden -- {quoted}{tail}\n\n\
         or to another host, in its mcp.json:\n\n\
         {block}\n\n\
         `paywarden demo` shows the whole story here, `paywarden --help` the commands.\n\
         Ctrl-C ends this.",
        version = env!("CARGO_PKG_VERSION"),
        quoted = quoted(&program),
        block = indented(&block),
    )
}

/// A host's entry for one server.
#[derive(Serialize)]
struct Server<'a> {
    command: &'a str,
    args: &'a [String],
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_lines_can_be_copied() {
        let flags = ["--home".to_owned(), "/my wallet".to_owned()];
        let text = welcome(Path::new("/opt/pay warden"), &flags, "sandbox");
        let line = "claude mcp add paywarden -- '/opt/pay warden' --home '/my wallet'";
        assert!(text.contains(line), "{text}");
        let block: String = text
            .lines()
            .skip_while(|line| *line != "    {")
            .take_while(|line| line.starts_with("    "))
            .collect();
        let block: serde_json::Value = serde_json::from_str(&block).unwrap();
        let server = &block["mcpServers"]["paywarden"];
        assert_eq!(server["command"], "/opt/pay warden");
        assert_eq!(server["args"], json!(["--home", "/my wallet"]));
        let plain = welcome(Path::new("/opt/paywarden"), &[], "live");
        assert!(plain.contains("-- /opt/paywarden\n") && !plain.contains("play money"));
    }
}
