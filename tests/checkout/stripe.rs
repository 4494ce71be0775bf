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
    let key = format!("key-{profile}-{max_amount}-{}", world.bank.active() + 1);
    let key = format!("{key}-{}", world.bank.charges());
    let form = format!(
        "payment_method=pm_card_visa&seller_details%5Bnetwork_business_profile%5D={profile}\
         &usage_limits%5Bcurrency%5D=usd&usage_limits%5Bmax_amount%5D={max_amount}\
         &usage_limits%5Bexpires_at%5D=9999999999"
    );
    let path = ["v1", "shared_payment", "issued_tokens"];
    let (_, json) = post(world, &path, &basic(Bank::KEY), &key, form).await;
    json["id"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

/// A form as Stripe takes it, with the authorization of whoever asks; status and answer.
async fn post(
    world: &World,
    path: &[&str],
    authorization: &str,
    idempotency_key: &str,
    form: String,
) -> (u16, serde_json::Value) {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", authorization.to_owned()),
        ("stripe-version", "2026-07-29.preview".to_owned()),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("idempotency-key", idempotency_key.to_owned()),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    let url = base(&world.bank_url).with_segments(path);
    let request = Request { method: Method::POST, url, headers, body: Some(form.into_bytes()) };
    let bounds = Bounds { timeout: std::time::Duration::from_secs(5), body_bytes: 10_000 };
    let reply = Client::new(Settings::default()).send(request, bounds).await.unwrap();
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[tokio::test]
async fn a_seller_charges_the_token_it_was_granted_and_no_other() {
    let world = World::new().await;
    let token = raw_token(&world, "profile_shop", 60).await;
    let path = ["v1", "payment_intents"];
    let form = |amount: u64, rest: &str| {
        let base = "automatic_payment_methods%5Benabled%5D=true&confirm=true&currency=usd";
        format!(
            "{base}&metadata%5Bx%5D=y&amount={amount}&shared_payment_granted_token={token}{rest}"
        )
    };
    for (seller, amount, rest, status) in [
        ("sk_test_other", 60, "", 402),
        ("sk_live_shop", 60, "", 401),
        ("sk_test_shop", 61, "", 402),
        ("sk_test_shop", 60, "&refund=1", 400),
        ("sk_test_shop", 60, "", 200),
    ] {
        let key = format!("{seller}-{amount}-{rest}");
        let (found, answer) = post(&world, &path, &basic(seller), &key, form(amount, rest)).await;
        assert_eq!(found, status, "{answer}");
    }
    // The same request is answered from memory, another one under its key is refused.
    let again = post(&world, &path, "Bearer sk_test_shop", "sk_test_shop-60-", form(60, "")).await;
    assert_eq!((again.0, &again.1["id"]), (200, &"pi_sandbox_1".into()));
    let other = post(&world, &path, &basic("sk_test_shop"), "sk_test_shop-60-", form(59, "")).await;
    assert_eq!((other.0, world.bank.charges()), (400, 1));
    let token: paywarden::rails::stripe::TokenId = token.parse().unwrap();
    assert_eq!(world.stripe.get(&token).await.unwrap().captured.unwrap().amount, 60);
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
