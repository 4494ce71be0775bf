//! What goes back to the seller, compared with what it wrote.

use serde_json::Value;

use super::*;
use crate::rails::x402::{Means, Scheme, Terms, WorkBy, read_demand};

const ID: &str = "018f3c1e-0000-7000-8000-000000000001";

/// A demand with what a typed struct would lose: spaces, an unknown key, a number with a trailing zero.
fn demand(extensions: &str, padding: usize) -> Asked {
    let entry = r#"{ "scheme":"exact","network":"n", "x" : 1.50 }"#;
    let padding = " ".repeat(padding);
    let text = format!(
        r#"{{"x402Version":2,"resource":{{"url":"u", "tags":[1.0]{padding}}},"accepts":[{entry}]{extensions}}}"#
    );
    let header = STANDARD.encode(text);
    read_demand([header.as_bytes()], b"").unwrap()
}

fn offer(asked: &Asked) -> Offer {
    let terms = Terms {
        version: asked.version,
        scheme: Scheme::Exact,
        network: "eip155:84532".to_owned(),
        asset: String::new(),
        pay_to: String::new(),
        currency: "USDC".parse().unwrap(),
        amount: 1,
    };
    let means = Means::Nano { pay_to: crate::nano::Account::BURN, work: WorkBy::Payer };
    Offer {
        terms,
        means,
        max_timeout_s: 60,
        network_as_written: "base-sepolia".to_owned(),
        raw: asked.entries[0].clone(),
    }
}

fn payload() -> Payload {
    Payload(RawValue::from_string(r#"{"signature":"0x"}"#.to_owned()).unwrap())
}

fn sent(asked: &Asked) -> (String, String) {
    let header = payment_header(asked, &offer(asked), &payload(), ID).unwrap();
    (header.name, String::from_utf8(STANDARD.decode(header.value).unwrap()).unwrap())
}

#[test]
fn the_entry_and_the_resource_go_back_byte_for_byte() {
    let (name, text) = sent(&demand("", 0));
    assert_eq!(name, "payment-signature");
    assert!(
        text.contains(r#""accepted":{ "scheme":"exact","network":"n", "x" : 1.50 }"#),
        "{text}"
    );
    assert!(text.contains(r#""resource":{"url":"u", "tags":[1.0]}"#), "{text}");
    assert!(text.contains(r#""payload":{"signature":"0x"}"#) && !text.contains("extensions"));
    assert!(text.starts_with(r#"{"x402Version":2,"#));
}

#[test]
fn extensions_are_echoed_and_the_payment_is_named_where_asked() {
    let asked = demand(
        r#","extensions":{"bazaar":{"n":1.50},"payment-identifier":{"info":{"required":true},"schema":{"a":1}}}"#,
        0,
    );
    let (_, text) = sent(&asked);
    assert!(text.contains(r#""bazaar":{"n":1.50}"#), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    let extension = &value["extensions"]["payment-identifier"];
    assert_eq!(extension["info"]["id"], ID);
    assert_eq!(
        (&extension["info"]["required"], &extension["schema"]["a"]),
        (&true.into(), &1.into())
    );
    // What the seller filled in is not overwritten.
    let filled = r#","extensions":{"payment-identifier":{"info":{"id":"theirs"}}}"#;
    let value: Value = serde_json::from_str(&sent(&demand(filled, 0)).1).unwrap();
    assert_eq!(value["extensions"]["payment-identifier"]["info"]["id"], "theirs");
    for bad in [r#","extensions":[]"#, r#","extensions":{"payment-identifier":1}"#] {
        let asked = demand(bad, 0);
        let error = payment_header(&asked, &offer(&asked), &payload(), ID).unwrap_err();
        assert_eq!(error, HeaderError::Extensions, "{bad}");
    }
}

#[test]
fn version_1_has_its_own_shape_and_the_sellers_name_of_the_network() {
    let body = r#"{"x402Version":1,"accepts":[{"scheme":"exact"}]}"#;
    let (name, text) = sent(&read_demand([], body.as_bytes()).unwrap());
    assert_eq!(name, "x-payment");
    let shape = r#"{"x402Version":1,"scheme":"exact","network":"base-sepolia","payload":{"signature":"0x"}}"#;
    assert_eq!(text, shape);
}

#[test]
fn a_header_is_stored_and_read_back() {
    let asked = demand("", 0);
    let header = payment_header(&asked, &offer(&asked), &payload(), ID).unwrap();
    let text = serde_json::to_string(&header).unwrap();
    assert_eq!(serde_json::from_str::<PaymentHeader>(&text).unwrap(), header);
}

#[test]
fn identifier_and_header_have_an_end() {
    let asked = demand("", 0);
    let with = |id: &str| payment_header(&asked, &offer(&asked), &payload(), id);
    let of = |count: usize| "a".repeat(count);
    for good in [of(limits::X402_IDENTIFIER_LEAST), of(limits::X402_IDENTIFIER_MOST)] {
        assert!(with(&good).is_ok());
    }
    let bad = [of(limits::X402_IDENTIFIER_LEAST - 1), of(limits::X402_IDENTIFIER_MOST + 1)];
    for bad in bad.into_iter().chain(["a b c d e f g h i".to_owned(), "é".repeat(16)]) {
        assert_eq!(with(&bad).unwrap_err(), HeaderError::Identifier, "{bad}");
    }
    let mut asked = demand("", 0);
    let header = |asked: &Asked| payment_header(asked, &offer(asked), &payload(), ID);
    let pad = |asked: &mut Asked, bytes: usize| {
        let text = format!("{{\"x\":\"{}\"}}", "x".repeat(bytes));
        asked.resource = Some(RawValue::from_string(text).unwrap());
    };
    pad(&mut asked, 0);
    let empty = STANDARD.decode(header(&asked).unwrap().value).unwrap().len();
    let room = limits::X402_PAYMENT_BYTES / 4 * 3 - empty;
    pad(&mut asked, room);
    assert_eq!(header(&asked).unwrap().value.len(), limits::X402_PAYMENT_BYTES);
    pad(&mut asked, room + 1);
    let found = limits::X402_PAYMENT_BYTES + 4;
    assert_eq!(header(&asked).unwrap_err(), HeaderError::TooLong { found });
}
