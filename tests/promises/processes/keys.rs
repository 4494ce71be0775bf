//! P13 for what third parties are told in confidence: keys of providers, tokens of merchants, a webhook's secret. Every
//! third party here quotes whatever it was sent in its answers, and none of it comes out of the wallet.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use paywarden::books::{Body, FundingRegistered};
use paywarden::digest::Digest;
use paywarden::sandbox::Service;
use serde_json::{Value, json};
use sha2::Sha256;

use super::canary::{SEED, forms_of, home_with_canaries, search, search_for};
use super::fleet::{Fleet, errors_file, output_file};
use super::support::sandbox::Sandbox;
use super::support::{book, contents_below};

/// A third party that answers everything with what it was sent.
struct Echo {
    url: String,
    /// The canaries that reached it.
    told: Arc<Mutex<String>>,
}

impl Echo {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let told = Arc::<Mutex<String>>::default();
        let (heard, turn) = (Arc::clone(&told), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (heard, turn) = (Arc::clone(&heard), Arc::clone(&turn));
                std::thread::spawn(move || answer(stream.unwrap(), &heard, &turn));
            }
        });
        Self { url, told }
    }
}

fn answer(mut stream: TcpStream, heard: &Mutex<String>, turn: &AtomicUsize) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = String::new();
    for value in head.lines().filter_map(|line| line.split_once(": ")).map(|(_, value)| value) {
        let pair = value.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok());
        let pair = pair.map(|pair| String::from_utf8_lossy(&pair).into_owned());
        if let Some(secret) = pair.into_iter().chain([value.to_owned()]).find(|it| is_canary(it)) {
            words = format!("{words}{secret} ");
        }
    }
    heard.lock().unwrap().push_str(&words);
    let status = STATUSES[turn.fetch_add(1, Ordering::Relaxed) % STATUSES.len()];
    let quoted = format!("no access with {words}");
    let body = json!({
        "detail": quoted, "title": quoted, "message": quoted, "code": quoted, "status": quoted,
        "error": { "message": quoted, "code": quoted, "type": quoted }, "id": quoted,
    });
    let body = body.to_string();
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
}

fn is_canary(text: &str) -> bool {
    CANARIES.iter().chain([&MERCHANT_TOKEN]).any(|canary| text.contains(canary))
}

#[test]
fn p13_what_third_parties_are_told_does_not_come_back_out() {
    let (echo, sandbox) = (Echo::start(), Sandbox::start());
    let mut home = home_with_canaries();
    sandbox.joined_by(&mut home);
    let settings =
        ["IFENPAY_API_KEY", "NANSWAP_PAY_KEY", "STRIPE_SECRET_KEY", "NANSWAP_WEBHOOK_SECRET"];
    for (name, canary) in settings.into_iter().zip(CANARIES) {
        home.set(name, PathBuf::from(canary));
    }
    for name in ["IFENPAY_API_URL", "NANSWAP_API_URL", "NICKY_API_URL", "STRIPE_API_URL"] {
        home.set(name, PathBuf::from(&echo.url));
    }
    assert!(home.run(&["status"]).status.success());
    let tokens = json!({ "echo-1": { "endpoint": echo.url, "token": MERCHANT_TOKEN } });
    let access = json!({ "version": 2, "tokens": tokens, "paymentMethod": CARD });
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600);
    let mut file = file.open(home.file("checkout-access.json")).unwrap();
    file.write_all(access.to_string().as_bytes()).unwrap();
    let method_hash = Digest::of(CARD.as_bytes());
    let card = FundingRegistered { method_hash, brand: None, last4: None, label: None };
    book(&home, Body::FundingRegistered(card));
    home.json(&["merchants", "set", "echo-1", "--endpoint", &echo.url, "--profile", "profile_1"]);

    let fleet = Fleet::start_with(home, 1, &["--log", "trace", "--payment-backend", "ifenpay"]);
    for (tool, arguments) in asked(&echo, &sandbox) {
        // Each status once, as far as a tool asks that often.
        for _ in STATUSES {
            let _ = fleet.call(0, tool, &arguments).unwrap();
        }
    }
    let home = fleet.end();
    let mut searched = look("answers", &std::fs::read(output_file(&home)).unwrap());
    searched += look("standard error", &std::fs::read(errors_file(&home)).unwrap());
    for words in COMMANDS {
        let output = home.run(words);
        searched += look(&words.join(" "), &output.stdout) + look("errors", &output.stderr);
    }
    for (path, bytes) in contents_below(&home.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !["keystore.json", "ledger-key.pem", "unlock.txt"].contains(&name.as_str()) {
            let is_kept = name == "checkout-access.json";
            searched += if is_kept { 0 } else { look(&name, &bytes) };
        }
    }
    let told = echo.told.lock().unwrap().clone();
    for canary in CANARIES.iter().take(3).chain([&MERCHANT_TOKEN]) {
        assert!(
            told.contains(canary),
            "nobody was told {canary}, so that nothing is shown by this"
        );
    }
    println!("P13: {searched} bytes searched for what {} third parties were told", CANARIES.len());
}

/// Everything an agent can ask third parties.
fn asked(echo: &Echo, sandbox: &Sandbox) -> Vec<(&'static str, Value)> {
    let items = json!([{ "id": "bread" }]);
    vec![
        ("credits_get", json!({})),
        ("credits_topup", json!({ "credits_amount": 10 })),
        ("payment_request", json!({ "amount": "1" })),
        ("nanswap_create_order", json!({ "priceAmount": "1", "payinCurrency": "XNO" })),
        ("nanswap_list_invoices", json!({})),
        ("nanswap_get_order", json!({ "invoiceId": "inv1" })),
        ("nanswap_verify_webhook", json!({ "body": "{}", "signature": "00" })),
        ("nicky_get_payment_request", json!({ "shortId": "#SANDBOX1" })),
        (
            "acp_create_checkout",
            json!({ "merchantEndpoint": echo.url, "currency": "usd", "items": items }),
        ),
        ("acp_checkout_status", json!({ "merchantEndpoint": echo.url, "sessionId": "cs_1" })),
        (
            "request_payment",
            json!({
                "rail": "stripe", "amount": "100", "currency": "USD",
                "payeeAddress": format!("{}/joke", sandbox.url(Service::MppSeller)),
            }),
        ),
        (
            "request_payment",
            json!({
                "rail": "x402", "amount": "20000", "currency": "USDC",
                "payeeAddress": format!("{}/v2/evm/weather", sandbox.url(Service::X402)),
            }),
        ),
    ]
}

/// Fails if any canary, of this test or of the wallet's own, is in it; gives its length.
fn look(what: &str, text: &[u8]) -> usize {
    let mut forms = forms_of(&evm_key());
    for canary in CANARIES.iter().chain([&MERCHANT_TOKEN, &CARD]) {
        forms.push(canary.as_bytes().to_vec());
        forms.push(STANDARD.encode(format!("{canary}:")).into_bytes());
    }
    search_for(&forms, what, text);
    search(what, text)
}

/// The key that signs for tokens, as `docs/adr/0003` derives it.
fn evm_key() -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&SEED).unwrap();
    mac.update(b"paywarden x402 evm key 1 sandbox\0\0");
    mac.finalize().into_bytes().into()
}

const CANARIES: [&str; 4] = [
    "canary-of-ifenpay-1f2e3d4c",
    "canary-of-nanswap-5b6a7988",
    "sk_test_canaryofstripe9a8b7c",
    "canary-of-webhooks-0d1e2f30",
];
const MERCHANT_TOKEN: &str = "canary-of-a-merchant-42";
const CARD: &str = "pm_canaryofacard0a1b2c";
const STATUSES: [u16; 6] = [401, 200, 400, 403, 422, 500];
const COMMANDS: &[&[&str]] = &[
    &["--log", "trace", "doctor"],
    &["--json", "doctor"],
    &["--log", "trace", "status"],
    &["--json", "report"],
    &["merchants", "list"],
    &["ledger", "export"],
];
