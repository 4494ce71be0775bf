//! `/healthz` and `/metrics`.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::given::Asked;
use super::plain;
use super::port::Port;

/// Whether the wallet is open and answers.
pub(super) async fn health(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    match port.ask(&given, "ledger.head", Map::new()).await {
        Ok(answer) => {
            let network = answer.output.get("network");
            plain::json(StatusCode::OK, &json!({ "ok": true, "network": network }))
        }
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

/// Counters and gauges in Prometheus' text format.
pub(super) async fn metrics(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let status = port.ask(&given, "operator.status", Map::new()).await;
    let report = port.ask(&given, "operator.report", Map::new()).await;
    let (status, report) = match (status, report) {
        (Ok(status), Ok(report)) => (status.output, report.output),
        (Err(failure), _) | (_, Err(failure)) => return plain::failure(&failure, port.kind),
    };
    let mut text = String::new();
    wallet(&mut text, &status, &report);
    heading(&mut text, "paywarden_http_requests_total", "counter", "Requests answered");
    for (name, class, count) in port.counters.all() {
        line(
            &mut text,
            "paywarden_http_requests_total",
            &[("port", name), ("result", class)],
            count,
        );
    }
    let media = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, media)], text).into_response()
}

fn wallet(text: &mut String, status: &Map<String, Value>, report: &Map<String, Value>) {
    let number = |map: &Map<String, Value>, name: &str| map.get(name).and_then(Value::as_u64);
    let frozen = status.get("frozen").and_then(Value::as_bool).unwrap_or_default();
    for (name, help, value) in [
        ("paywarden_frozen", "1 while the wallet is frozen", Some(u64::from(frozen))),
        ("paywarden_approvals_waiting", "Approvals that wait", number(status, "pendingApprovals")),
        ("paywarden_mandates", "Mandates in force", number(status, "mandates")),
        ("paywarden_ledger_seq", "Last event of the ledger", status["ledgerHead"]["seq"].as_u64()),
    ] {
        heading(text, name, "gauge", help);
        line(text, name, &[], value.unwrap_or_default());
    }
    heading(text, "paywarden_payments", "gauge", "Payments by where they stand");
    for (state, count) in report["payments"].as_object().into_iter().flatten() {
        line(text, "paywarden_payments", &[("state", state)], count.as_u64().unwrap_or_default());
    }
    heading(text, "paywarden_settled_units", "counter", "Settled, in smallest units");
    for (currency, units) in report["settledByCurrency"].as_object().into_iter().flatten() {
        let units = units.as_str().unwrap_or("0");
        line(text, "paywarden_settled_units", &[("currency", currency)], units);
    }
}

fn heading(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(text: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
    let labels =
        if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(text, "{name}{labels} {value}");
}
