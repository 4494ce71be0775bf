//! Every Python example of seeds/000 as it stands there, with a real account and this wallet's port put in.

#![expect(clippy::print_stdout, reason = "an example that is skipped says so")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::client::Ask;
use crate::served::Served;
use crate::support::{Home, SHOP};

/// The example, ready to run; `None` where Python or its `requests` is not installed.
fn python(served: &Served, code: &str) -> Option<Command> {
    let there = Command::new("python3").args(["-c", "import requests"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with requests is not installed");
        return None;
    }
    let code = code
        .replace("http://127.0.0.1:3123", &format!("http://{}", served.agents))
        .replace("nano_1abc...", SHOP);
    let mut command = Command::new("python3");
    command.args(["-u", "-c", &code]).stdin(Stdio::null());
    Some(command)
}

fn output(served: &Served, code: &str) -> Option<String> {
    let output = python(served, code)?.output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
    assert!(output.status.success(), "{}", err.unwrap());
    Some(out.unwrap())
}

#[test]
fn balance_send_errors_and_the_flow_between_agents() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let Some(said) = output(&served, include_str!("examples/1.py")) else { return };
    assert!(said.contains("Balance: 100.0 NANO"), "{said}");
    let said = output(&served, include_str!("examples/2.py")).unwrap();
    assert!(said.contains("Sent! Amount: 0.001"), "{said}");
    let said = output(&served, include_str!("examples/5.py")).unwrap();
    assert!(said.contains("Balance: 99.999 NANO"), "{said}");
    // Its payer sends the round amount, which the request of its payee does not match: it polls to the end.
    let flow = include_str!("examples/6.py").replace("time.sleep(3)", "time.sleep(0.05)");
    let said = output(&served, &flow).unwrap();
    assert!(said.contains("Agent B sent."), "{said}");
}

#[test]
fn a_request_is_polled_until_it_is_paid() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    // Somebody has to pay: the example asks for an account's money that is ours.
    let balance = Ask::new("GET", "/wallet/balance").send(served.agents).json();
    let account = balance["data"]["account"].as_str().unwrap();
    let code = include_str!("examples/3.py").replace("nano_1abc...", account);
    let Some(mut command) = python(&served, &code) else { return };
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let asked = lines.next().unwrap();
    let amount = asked.split("send ").nth(1).unwrap().split(' ').next().unwrap();
    let sent = served.send(account, amount);
    assert_eq!(sent.status, 200, "{}", sent.text());
    assert_eq!(lines.last().as_deref(), Some("Payment confirmed!"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn credits_are_looked_at_and_topped_up() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    if Ask::new("GET", "/credits").send(served.agents).status == 501 {
        println!("skipped: this build has no credits");
        return;
    }
    let example = include_str!("examples/4.py");
    let Some(said) = output(&served, example) else { return };
    assert!(said.starts_with("Current credits: "), "{said}");
    // A new wallet has more than the example wants to hold.
    let topped_up = output(&served, &example.replace("credits < 50", "credits < 500"));
    let said = topped_up.unwrap();
    assert!(said.contains("Topped up!"), "{said}");
}
