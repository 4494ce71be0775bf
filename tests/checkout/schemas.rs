//! Everything that is sent, and everything the sandbox's merchant answers, against the published schemas. A version
//! without a schema of its own uses the nearest. The one field that is sent beside the schema is `quantity` of an item
//! above 1 (reference/rails.md, 3.2).

use jsonschema::Validator;
use paywarden::rails::acp::{CompleteBody, Status, Version, handler_for};
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::secret::Secret;
use serde_json::{Value, json};

use super::{World, asked, call};

struct Schemas(Value);

impl Schemas {
    fn of(version: Version) -> Self {
        let text = match version {
            Version::V2025_09_29 => include_str!("../acp/2025-09-29/schema.agentic_checkout.json"),
            Version::V2025_12_12 | Version::V2026_01_16 => {
                include_str!("../acp/2026-01-16.agentic_checkout.json")
            }
            _ => include_str!("../acp/2026-04-17/schema.agentic_checkout.json"),
        };
        let mut schema: Value = serde_json::from_str(text).unwrap();
        // The first version says "above zero" in the words of an older draft than the one it names.
        if version == Version::V2025_09_29 {
            schema["$defs"]["Item"]["properties"]["quantity"] =
                json!({ "type": "number", "exclusiveMinimum": 0 });
        }
        Self(schema)
    }

    fn named(&self, name: &str) -> Validator {
        let schema = json!({ "$defs": self.0["$defs"], "$ref": format!("#/$defs/{name}") });
        jsonschema::validator_for(&schema).unwrap()
    }

    fn check(&self, name: &str, text: &str) {
        let value: Value = serde_json::from_str(text).unwrap();
        let wrong: Vec<String> =
            self.named(name).iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}\n{text}");
    }
}

#[test]
fn the_official_examples_follow_their_schema() {
    let examples = include_str!("../acp/2026-04-17/examples.agentic_checkout.json");
    let examples: Value = serde_json::from_str(examples).unwrap();
    let schemas = Schemas::of(Version::V2026_04_17);
    for (example, schema) in [
        ("create_checkout_session_request", "CheckoutSessionCreateRequest"),
        ("create_checkout_session_response", "CheckoutSession"),
        ("complete_checkout_session_request", "CheckoutSessionCompleteRequest"),
    ] {
        schemas.check(schema, &examples[example].to_string());
    }
}

#[tokio::test]
async fn every_request_and_every_answer_follows_its_versions_schema() {
    for version in Version::ALL {
        let schemas = Schemas::of(version);
        let world = World::new().await;
        let acp = world.acp(Some(version));
        let session =
            acp.create(&asked(&[("bread", 1)]), Some("b@example.com"), call("1")).await.unwrap();
        acp.update(&session.id, &asked(&[("milk", 1), ("soap", 1)]), call("2")).await.unwrap();
        let session = acp.get(&session.id, "r").await.unwrap();
        let token = super::stripe::raw_token(&world, AcpMerchant::PROFILE, 10_000).await;
        let token = Secret::new(token);
        let handler = handler_for(&session.handlers, AcpMerchant::ID).unwrap();
        let body = CompleteBody { handler_id: handler.id.as_deref(), token: &token };
        let paid = acp.complete(&session, &body, call("3")).await.unwrap();
        assert_eq!(paid.status, Status::Completed);
        let other = acp.create(&asked(&[("soap", 1)]), None, call("4")).await.unwrap();
        acp.cancel(&other.id, call("5")).await.unwrap();
        let requests = world.merchant.seen();
        for (name, place) in [
            ("CheckoutSessionCreateRequest", 0),
            ("CheckoutSessionUpdateRequest", 1),
            ("CheckoutSessionCompleteRequest", 3),
            ("CheckoutSessionCreateRequest", 4),
        ] {
            schemas.check(name, &requests[place].2);
        }
        if version != Version::V2025_09_29 {
            schemas.check("CancelSessionRequest", &requests[5].2);
        }
        let answers = world.merchant.answers();
        assert_eq!(answers.len(), 6, "{version}");
        for (status, answer) in answers {
            let value: Value = serde_json::from_str(&answer).unwrap();
            let name = match value.get("order") {
                _ if status >= 400 => "Error",
                Some(_) => "CheckoutSessionWithOrder",
                None => "CheckoutSession",
            };
            // An order is one of the session's own fields in later versions and an addition in the first.
            let name = if version == Version::V2025_09_29 && name != "Error" {
                "CheckoutSession"
            } else {
                name
            };
            let text = if version == Version::V2025_09_29 {
                without_order(value).to_string()
            } else {
                answer
            };
            schemas.check(name, &text);
        }
    }
}

#[tokio::test]
async fn refusals_follow_the_newest_schema_and_quantity_is_the_one_deviation() {
    let schemas = Schemas::of(Version::NEWEST);
    let world = World::new().await;
    let acp = world.acp(None);
    let session = acp.create(&asked(&[("bread", 2)]), None, call("k")).await.unwrap();
    let _ = acp.create(&asked(&[("nothing", 1)]), None, call("k")).await.unwrap_err();
    let _ = acp.create(&asked(&[("nothing", 1)]), None, call("l")).await.unwrap_err();
    let _ = acp.get(&"nobody".parse().unwrap(), "r").await.unwrap_err();
    world.merchant.set(|knobs| knobs.versions = vec!["2031-01-01".into()]);
    let _ = acp.get(&session.id, "r").await.unwrap_err();
    for (status, answer) in world.merchant.answers() {
        let name = if status >= 400 { "Error" } else { "CheckoutSession" };
        schemas.check(name, &answer);
    }
    let sent = &world.merchant.seen()[0].2;
    let value: Value = serde_json::from_str(sent).unwrap();
    assert!(!schemas.named("CheckoutSessionCreateRequest").is_valid(&value), "{sent}");
    let mut plain = value;
    plain["line_items"][0].as_object_mut().unwrap().remove("quantity");
    schemas.check("CheckoutSessionCreateRequest", &plain.to_string());
}

fn without_order(mut session: Value) -> Value {
    session.as_object_mut().unwrap().remove("order");
    session
}
