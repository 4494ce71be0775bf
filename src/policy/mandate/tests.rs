//! What is a mandate, and what is not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const PAYEE: &str = "nano_1enzzhjtfwyk7joubjfmbm3wptxgjprc4tkequeeukcwz8ps8uroee395wjx";

/// The body of seeds/004 as it stands.
fn seed() -> Value {
    json!({
        "id": "groceries",
        "grantedBy": "operator",
        "cap": { "amount": "15000", "currency": "USD" },
        "perTxnCap": { "amount": "8000", "currency": "USD" },
        "perItemCap": { "amount": "2000", "currency": "USD" },
        "window": { "cap": { "amount": "50000", "currency": "USD" }, "durationMs": 604_800_000 },
        "rails": ["acp"],
        "allowedPayees": ["..."],
        "allowedCategories": ["groceries"],
        "blockedCategories": ["alcohol"],
        "allowedMerchants": ["grocer-1"],
        "allowedMerchantDomains": ["shop.realgrocer.com"],
        "agentId": "shopping-agent",
        "expiresAt": "2027-01-01T00:00:00Z"
    })
}

fn small() -> Value {
    json!({ "id": "m", "cap": { "amount": "1", "currency": "XNO" } })
}

fn read(value: &Value) -> Result<Mandate, String> {
    serde_json::from_str(&value.to_string()).map_err(|error| error.to_string())
}

fn with(path: &str, new: Value) -> Value {
    let mut value = seed();
    value[path] = new;
    value
}

#[test]
fn the_body_of_the_seed_passes_and_comes_back_as_it_was() {
    let mandate = read(&seed()).unwrap();
    assert_eq!(mandate.caps.len(), 1);
    assert_eq!(mandate.caps[0].cap.to_string(), "150 USD");
    assert_eq!(mandate.expires_at, Some(Millis(1_798_761_600_000)));
    assert_eq!(mandate.rails, Some(BTreeSet::from([Rail::Acp])));
    assert_eq!(serde_json::to_value(&mandate).unwrap(), seed());
    assert_eq!(serde_json::to_value(mandate.body()).unwrap(), seed());
    let again: Mandate = serde_json::from_value(serde_json::to_value(&mandate).unwrap()).unwrap();
    assert_eq!(again, mandate);
}

#[test]
fn our_additions_are_read() {
    let mut body = small();
    body["caps"] = json!([{ "cap": { "amount": "500", "currency": "usd" },
        "window": { "durationMs": 1_000, "maxCount": 3 } }]);
    body["allowedHours"] = json!({ "from": "08:00", "to": "18:00", "timeZone": "+01:00" });
    let mandate = read(&body).unwrap();
    assert_eq!(mandate.caps[1].cap.to_string(), "5 USD");
    assert_eq!(mandate.caps[1].window.as_ref().unwrap().max_count, Some(3));
    assert!(mandate.allowed_hours.is_some());
}

#[test]
fn a_field_nobody_knows_is_an_error_wherever_it_stands() {
    let mut bodies = vec![with("perTxCap", json!({ "amount": "1", "currency": "USD" }))];
    for path in ["cap", "perTxnCap", "window"] {
        let mut body = seed();
        body[path]["surprise"] = json!(1);
        bodies.push(body);
    }
    for body in bodies {
        assert!(read(&body).unwrap_err().contains("unknown field"), "{body}");
    }
    let twice =
        r#"{"id":"m","cap":{"amount":"1","currency":"XNO"},"cap":{"amount":"9","currency":"XNO"}}"#;
    assert!(serde_json::from_str::<Mandate>(twice).unwrap_err().to_string().contains("duplicate"));
}

#[test]
fn amounts_are_positive_integers_of_known_currencies() {
    for bad in [
        "0",
        "-1",
        "+1",
        "1.5",
        "01",
        "",
        " 1",
        "1e3",
        "ten",
        "340282366920938463463374607431768211456",
    ] {
        let body = with("cap", json!({ "amount": bad, "currency": "USD" }));
        assert!(read(&body).unwrap_err().starts_with("cap: an amount"), "{bad}");
    }
    // Too much for millionths in 128 bits, though not for cents.
    let body = with("cap", json!({ "amount": u128::MAX.to_string(), "currency": "USD" }));
    assert!(read(&body).is_err());
    for bad in ["ABCD", "U", "", "\u{202e}USD"] {
        assert!(read(&with("cap", json!({ "amount": "1", "currency": bad }))).is_err(), "{bad}");
    }
    for bad in [json!({ "amount": 15_000, "currency": "USD" }), json!("150 USD"), json!(null)] {
        assert!(read(&with("cap", bad)).is_err());
    }
    let other = with("perTxnCap", json!({ "amount": "1", "currency": "EUR" }));
    assert_eq!(read(&other).unwrap_err(), "perTxnCap must be in the currency of its cap, USD");
    let twice = with("caps", json!([{ "cap": { "amount": "1", "currency": "USD" } }]));
    assert!(read(&twice).unwrap_err().starts_with("caps are"));
    let mut none = seed();
    none.as_object_mut().unwrap().remove("cap");
    assert!(read(&none).unwrap_err().contains("missing field `cap`"));
}

#[test]
fn ids_rails_dates_and_windows_are_real() {
    for (path, bad) in [
        ("id", json!("")),
        ("id", json!("a b")),
        ("id", json!("a\u{0}b")),
        ("id", json!("\u{e9}")),
        ("id", json!("x".repeat(limits::ID_BYTES + 1))),
        ("agentId", json!("")),
        ("grantedBy", json!("\u{1b}[2J")),
        ("rails", json!(["bitcoin"])),
        ("rails", json!([])),
        ("rails", json!(["acp", "acp"])),
        ("rails", json!("acp")),
        ("expiresAt", json!("2027-02-30T00:00:00Z")),
        ("expiresAt", json!("soon")),
        ("expiresAt", json!("2027-01-01")),
        ("expiresAt", json!(1_798_761_600)),
        ("expiresAt", json!("1969-12-31T23:59:59Z")),
        ("allowedMerchantDomains", json!(["https://shop.example"])),
        ("allowedMerchantDomains", json!(["*.example"])),
        ("allowedMerchantDomains", json!(["-a.example"])),
        ("allowedMerchantDomains", json!(["a-.example"])),
        ("allowedMerchantDomains", json!(["a..example"])),
        ("allowedMerchantDomains", json!([format!("{}.example", "a".repeat(64))])),
        ("allowedCategories", json!([" "])),
        ("allowedPayees", json!(["nano_1typo"])),
        ("window", json!({ "durationMs": 1_000 })),
        ("window", json!({ "durationMs": 1_000, "maxCount": 0 })),
        ("window", json!({ "durationMs": -1, "maxCount": 1 })),
        ("window", json!({ "maxCount": 1 })),
        ("allowedHours", json!({ "from": "08:00", "to": "18:00" })),
    ] {
        assert!(read(&with(path, bad.clone())).is_err(), "{path}: {bad}");
    }
    let longest = format!("a-1.{}.example", "a".repeat(63));
    for (path, good) in [
        ("id", json!("x".repeat(limits::ID_BYTES))),
        ("id", json!("Aa0-_.:")),
        ("grantedBy", json!("x".repeat(limits::LABEL_BYTES))),
        ("allowedMerchantDomains", json!([longest])),
    ] {
        assert!(read(&with(path, good.clone())).is_ok(), "{path}: {good}");
    }
    assert!(read(&with("grantedBy", json!("x".repeat(limits::LABEL_BYTES + 1)))).is_err());
}

/// What can be let in can be granted to, and nothing else.
#[test]
fn an_agents_name_is_read_as_when_it_is_let_in() {
    let (longest, too_long) =
        ("x".repeat(limits::AGENT_ID_BYTES), "x".repeat(limits::AGENT_ID_BYTES + 1));
    for name in ["bob@home", "shop.bot@home:2_x-1", &longest, &too_long, "", " ", "a b", "a/b", "é"]
    {
        let mandate = read(&with("agentId", json!(name)));
        let is_one = AgentId::try_from(name.to_owned()).is_ok();
        assert_eq!(mandate.is_ok(), is_one, "{name}: {mandate:?}");
    }
    assert!(read(&with("agentId", json!("bob@home"))).is_ok());
}

#[test]
fn windows_and_lists_end_at_their_bounds() {
    let window = |ms: u128| with("window", json!({ "durationMs": ms as u64, "maxCount": 1 }));
    for (ms, good) in [
        (limits::WINDOW_MIN.as_millis(), true),
        (limits::WINDOW_MIN.as_millis() - 1, false),
        (limits::WINDOW_MAX.as_millis(), true),
        (limits::WINDOW_MAX.as_millis() + 1, false),
    ] {
        assert_eq!(read(&window(ms)).is_ok(), good, "{ms}");
    }
    let list = |count: usize| {
        with("allowedMerchants", json!((0..count).map(|n| n.to_string()).collect::<Vec<_>>()))
    };
    assert!(read(&list(limits::MANDATE_LIST)).is_ok());
    assert!(read(&list(limits::MANDATE_LIST + 1)).is_err());
    let entry = |bytes: usize| with("allowedMerchants", json!(["x".repeat(bytes)]));
    assert!(read(&entry(limits::MANDATE_ENTRY_BYTES)).is_ok());
    assert!(read(&entry(limits::MANDATE_ENTRY_BYTES + 1)).is_err());
    let caps = |count: usize| {
        let codes = ["EUR", "GBP", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK"];
        let cap = |code: &str| json!({ "cap": { "amount": "1", "currency": code } });
        with("caps", codes[..count].iter().map(|code| cap(code)).collect())
    };
    assert!(read(&caps(limits::MANDATE_CURRENCIES - 1)).is_ok());
    assert!(read(&caps(limits::MANDATE_CURRENCIES)).is_err());
}

#[test]
fn the_whole_ends_at_its_bound() {
    // As many bytes as asked for, spread over a list of a hundred.
    let of_size = |size: usize| -> Value {
        let with = |spread: usize| {
            let len = |n: usize| 2 + spread / 100 + usize::from(n < spread % 100);
            let mut body = small();
            body["allowedMerchants"] =
                (0..100).map(|n| format!("{n:0>len$}", len = len(n))).collect();
            body
        };
        with(size - with(0).to_string().len())
    };
    for (size, good) in [(limits::MANDATE_BYTES, true), (limits::MANDATE_BYTES + 1, false)] {
        let body = of_size(size);
        assert_eq!(body.to_string().len(), size);
        assert_eq!(read(&body).is_ok(), good, "{size}");
    }
    let over = read(&of_size(limits::MANDATE_BYTES + 1)).unwrap_err();
    assert!(over.contains("bytes of JSON"), "{over}");
}

#[test]
fn nano_payees_are_one_account_whatever_their_prefix() {
    let old = PAYEE.replace("nano_", "xrb_");
    let mandate = read(&with("allowedPayees", json!([old, "https://api.example.com"]))).unwrap();
    let payees = mandate.allowed_payees.unwrap();
    assert!(payees.contains(&payee_key(PAYEE)) && payees.contains(&payee_key(&old)));
    assert!(!payees.contains(&payee_key("https://api.example.com/")));
    assert!(read(&with("allowedPayees", json!([PAYEE, old]))).is_err(), "one account twice");
}

proptest! {
    #[test]
    fn any_json_is_a_mandate_or_an_error(text in "[ -~]{0,60}") {
        for field in ["id", "expiresAt", "agentId", "grantedBy"] {
            let _ = read(&with(field, json!(text)));
        }
        if let Ok(mandate) = read(&with("cap", json!({ "amount": text, "currency": "USD" }))) {
            prop_assert_eq!(mandate.caps[0].cap.amount.to_string(), text);
        }
    }
}
