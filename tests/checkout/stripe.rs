//! Tokens from the order to the charge, and what may go wrong between.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use paywarden::fetch::{
    Bounds, Client, HeaderMap, HeaderName, HeaderValue, Method, Request, Settings,
};
use paywarden::sandbox::stripe::Stripe as Bank;

use super::{World, base};

/// A token asked for by hand, as another wallet might: what is tested with it is the seller's side.
pub async fn raw_token(world: &World, profile: &str, max_amount: u128) -> String {
    let mut headers = HeaderMap::new();
    let key = format!("key-{profile}-{max_amount}-{}", world.bank.active() + 1);
    let key = format!("{key}-{}", world.bank.charges());
    for (name, value) in [
        ("authorization", format!("Basic {}", STANDARD.encode(format!("{}:", Bank::KEY)))),
        ("stripe-version", "2026-07-29.preview".to_owned()),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("idempotency-key", key),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    let form = format!(
        "payment_method=pm_card_visa&seller_details%5Bnetwork_business_profile%5D={profile}\
         &usage_limits%5Bcurrency%5D=usd&usage_limits%5Bmax_amount%5D={max_amount}\
         &usage_limits%5Bexpires_at%5D=9999999999"
    );
    let url = base(&world.bank_url).with_segments(&["v1", "shared_payment", "issued_tokens"]);
    let request = Request { method: Method::POST, url, headers, body: Some(form.into_bytes()) };
    let bounds = Bounds { timeout: std::time::Duration::from_secs(5), body_bytes: 10_000 };
    let reply = Client::new(Settings::default()).send(request, bounds).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    json["id"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

#[tokio::test]
async fn a_key_is_needed_and_never_shown() {
    let world = World::new().await;
    let token: paywarden::rails::stripe::TokenId = "spt_x".parse().unwrap();
    let unknown = world.stripe.get(&token).await.unwrap_err();
    assert_eq!(unknown.code(), "STRIPE_REFUSED");
    assert!(!unknown.to_string().contains("spt_x"));
    let found = raw_token(&world, "profile_1", 5).await.parse().unwrap();
    let shown = world.stripe.get(&found).await.unwrap();
    assert!(format!("{shown:?}").contains("Active") && !format!("{shown:?}").contains("spt_"));
    world.bank.set(|knobs| knobs.bare_captured = true);
    assert_eq!(world.stripe.get(&found).await.unwrap().captured.unwrap().amount, 0);
}
