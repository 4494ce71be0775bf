//! Demands as sellers write them, honest and otherwise.

use serde_json::{Value, json};

use crate::evm::EvmAddress;
use crate::fetch::WebPlace;
use crate::limits;
use crate::money::{Currency, Money};
use crate::nano::{Account, Network, Seed};
use crate::policy::Pegs;
use crate::rails::x402::{
    AssetRow, Assets, Means, Offer, Terms, Unpayable, Version, Wanted, WorkBy, choose, offers,
    read_demand,
};

const URL: &str = "https://shop.example/weather?city=Oslo";
const USDC: &str = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const PAY_TO: &str = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";

struct Want {
    requested: WebPlace,
    max: Money,
    pegs: Pegs,
    wallet: Network,
    networks: Option<Vec<String>>,
    assets: Assets,
    own_evm: EvmAddress,
    own_nano: Vec<Account>,
}

fn want(max: &str) -> Want {
    let code = |code: &str| code.parse::<Currency>().unwrap();
    Want {
        requested: WebPlace::parse(URL).unwrap(),
        max: max.parse().unwrap(),
        pegs: Pegs::from([(code("USDC"), code("USD"))]),
        wallet: Network::Sandbox,
        networks: None,
        assets: Assets::pinned(),
        own_evm: EvmAddress::from_bytes([7; 20]),
        own_nano: vec![own_nano()],
    }
}

fn own_nano() -> Account {
    Seed::from_bytes([7; 32]).derive(0).account()
}

fn seller_nano() -> Account {
    Seed::from_bytes([8; 32]).derive(0).account()
}

impl Want {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            requested: &self.requested,
            max: self.max,
            pegs: &self.pegs,
            wallet: self.wallet,
            networks: self.networks.as_deref(),
            assets: &self.assets,
            own_evm: Some(self.own_evm),
            own_nano: &self.own_nano,
            now_s: 1_000,
        }
    }

    fn choose(&self, demand: &Value) -> Result<Offer, Unpayable> {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(demand.to_string());
        choose(&read_demand([text.as_bytes()], b"").unwrap(), &self.wanted())
    }

    fn choose_v1(&self, demand: &Value) -> Result<Offer, Unpayable> {
        choose(&read_demand([], demand.to_string().as_bytes()).unwrap(), &self.wanted())
    }
}

fn evm_entry() -> Value {
    json!({
        "scheme": "exact", "network": "eip155:84532", "amount": "10000", "asset": USDC,
        "payTo": PAY_TO, "maxTimeoutSeconds": 60, "extra": {"name": "USDC", "version": "2"},
    })
}

fn nano_entry() -> Value {
    json!({
        "scheme": "exact", "network": "nano:sandbox", "amount": "1000000", "asset": "XNO",
        "payTo": seller_nano().to_string(), "maxTimeoutSeconds": 60,
        "extra": {"work": "required", "workThreshold": "fe00000000000000"},
    })
}

fn v2(entries: Vec<Value>) -> Value {
    json!({ "x402Version": 2, "resource": {"url": URL}, "accepts": entries })
}

fn v1() -> Value {
    let mut entry = evm_entry();
    entry["network"] = "base-sepolia".into();
    entry["maxAmountRequired"] = entry["amount"].take();
    entry["resource"] = URL.into();
    json!({ "x402Version": 1, "error": "X-PAYMENT header is required", "accepts": [entry] })
}

/// One entry with one field changed; a field below `extra` is written with a point.
fn changed(mut entry: Value, field: &str, value: Value) -> Value {
    match field.split_once('.') {
        Some((outer, inner)) => entry[outer][inner] = value,
        None => entry[field] = value,
    }
    v2(vec![entry])
}

#[test]
fn what_the_official_packages_serve_is_payable_in_both_versions() {
    let want = want("1 USDC");
    let offer = want.choose(&v2(vec![evm_entry()])).unwrap();
    let terms = Terms {
        version: Version::V2,
        scheme: crate::rails::x402::Scheme::Exact,
        network: "eip155:84532".to_owned(),
        asset: USDC.to_owned(),
        pay_to: PAY_TO.to_owned(),
        currency: "USDC".parse().unwrap(),
        amount: 10_000,
    };
    assert_eq!((offer.terms, offer.max_timeout_s), (terms.clone(), 60));
    let offer = want.choose_v1(&v1()).unwrap();
    assert_eq!(offer.terms, Terms { version: Version::V1, ..terms.clone() });
    let text = serde_json::to_string(&terms).unwrap();
    assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
}

#[test]
fn nano_is_paid_in_raw_and_live_only_from_a_live_wallet() {
    let want = Want { wallet: Network::Sandbox, ..want("1 XNO") };
    let offer = want.choose(&v2(vec![nano_entry()])).unwrap();
    assert_eq!(offer.means, Means::Nano { pay_to: seller_nano(), work: WorkBy::Payer });
    assert_eq!((offer.terms.amount, offer.terms.asset.as_str()), (1_000_000, "XNO"));
    for (network, wallet, ok) in [
        ("nano:mainnet", Network::Sandbox, false),
        ("nano:mainnet", Network::Live, true),
        ("nano:sandbox", Network::Live, false),
        ("nano:sandbox", Network::Dev, false),
        ("nano:dev", Network::Dev, true),
    ] {
        let want = Want { wallet, ..self::want("1 XNO") };
        let judged = want.choose(&changed(nano_entry(), "network", network.into()));
        assert_eq!(judged.is_ok(), ok, "{network} {wallet}");
        if !ok {
            assert_eq!(judged.unwrap_err().code(), "X402_NETWORK_MIXED");
        }
    }
}

#[test]
fn each_trick_has_its_refusal() {
    for (field, value, code) in [
        ("scheme", json!("upto"), "X402_SCHEME_UNSUPPORTED"),
        ("scheme", json!("batch-settlement"), "X402_SCHEME_UNSUPPORTED"),
        ("scheme", json!("auth-capture"), "X402_SCHEME_UNSUPPORTED"),
        ("scheme", json!("Exact"), "X402_SCHEME_UNSUPPORTED"),
        ("scheme", json!(null), "X402_MALFORMED"),
        ("extra.paymentFlow", json!("upfront"), "X402_FLOW_UNSUPPORTED"),
        ("extra.paymentFlow", json!("escrow"), "X402_FLOW_UNSUPPORTED"),
        ("extra.paymentFlow", json!(1), "X402_MALFORMED"),
        ("extra.assetTransferMethod", json!("permit2"), "X402_TRANSFER_METHOD_UNSUPPORTED"),
        ("extra.assetTransferMethod", json!("erc7710"), "X402_TRANSFER_METHOD_UNSUPPORTED"),
        ("network", json!("eip155:8453"), "X402_NETWORK_MIXED"),
        ("network", json!("eip155:084532"), "X402_NETWORK_UNSUPPORTED"),
        ("network", json!("solana:mainnet"), "X402_NETWORK_UNSUPPORTED"),
        ("network", json!("somewhere"), "X402_NETWORK_UNSUPPORTED"),
        ("network", json!("eip155:31337"), "X402_ASSET_UNKNOWN"),
        ("asset", json!("0x036CbD53842c5426634e7929541eC2318f3dCF7E"), "X402_ASSET_UNKNOWN"),
        ("asset", json!(PAY_TO), "X402_ASSET_UNKNOWN"),
        ("asset", json!("USDC"), "X402_ASSET_UNKNOWN"),
        ("extra.name", json!("USD Coin"), "X402_ASSET_MISMATCH"),
        ("extra.name", json!(null), "X402_ASSET_MISMATCH"),
        ("extra.version", json!("1"), "X402_ASSET_MISMATCH"),
        ("extra.version", json!(2), "X402_MALFORMED"),
        ("extra", json!([]), "X402_MALFORMED"),
        ("payTo", json!("0x0000000000000000000000000000000000000000"), "X402_PAY_TO_REFUSED"),
        ("payTo", json!("0x0707070707070707070707070707070707070707"), "X402_PAY_TO_REFUSED"),
        ("payTo", json!(USDC), "X402_PAY_TO_REFUSED"),
        ("payTo", json!(USDC.to_lowercase()), "X402_PAY_TO_REFUSED"),
        ("payTo", json!("0x90F79bf6EB2c4f870365E785982E1f101E93b907"), "X402_PAY_TO_REFUSED"),
        ("payTo", json!("shop.eth"), "X402_PAY_TO_REFUSED"),
        ("payTo", json!(null), "X402_MALFORMED"),
        ("maxTimeoutSeconds", json!(0), "X402_NO_TIME"),
        ("maxTimeoutSeconds", json!(-1), "X402_MALFORMED"),
        ("maxTimeoutSeconds", json!(1.5), "X402_MALFORMED"),
        ("maxTimeoutSeconds", json!("60"), "X402_MALFORMED"),
        ("maxTimeoutSeconds", json!(null), "X402_MALFORMED"),
        ("amount", json!("1000001"), "X402_PRICE_ABOVE_MAX"),
    ] {
        let refused = want("1 USDC").choose(&changed(evm_entry(), field, value.clone()));
        let refused = refused.expect_err(field);
        assert_eq!(refused.code(), code, "{field} {value}: {refused}");
    }
    let most = want("1 USDC").choose(&changed(evm_entry(), "amount", "1000000".into()));
    assert_eq!(most.unwrap().price(), "1 USDC".parse().unwrap());
}

#[test]
fn an_amount_is_a_plain_positive_integer() {
    let digits = |count: usize| "9".repeat(count);
    for bad in [
        json!("0"),
        json!("00"),
        json!("01"),
        json!("-1"),
        json!("+1"),
        json!("1e3"),
        json!("0x10"),
        json!("1.0"),
        json!(" 1"),
        json!("1 "),
        json!("1_000"),
        json!("\u{ff11}"),
        json!(""),
        json!(1),
        json!(null),
        json!(digits(limits::X402_AMOUNT_DIGITS + 1)),
        json!("340282366920938463463374607431768211456"),
    ] {
        let refused = want("1 USDC").choose(&changed(evm_entry(), "amount", bad.clone()));
        assert_eq!(refused.unwrap_err(), Unpayable::Amount, "{bad}");
    }
    let most = changed(evm_entry(), "amount", digits(limits::X402_AMOUNT_DIGITS).into());
    assert_eq!(want("1 USDC").choose(&most).unwrap_err().code(), "X402_PRICE_ABOVE_MAX");
}

#[test]
fn what_is_sold_is_what_was_requested() {
    for (sold, ok) in [
        ("https://shop.example/weather", true),
        ("https://shop.example:443/weather?other=1#x", true),
        ("https://shop.example/forecast", false),
        ("https://shop.example/weather/", false),
        ("https://evil.example/weather", false),
        ("http://shop.example/weather", false),
        ("https://shop.example:8443/weather", false),
        ("https://shop.example@evil.example/weather", false),
        ("/weather", false),
        ("", false),
    ] {
        let mut demand = v2(vec![evm_entry()]);
        demand["resource"]["url"] = sold.into();
        let judged = want("1 USDC").choose(&demand);
        assert_eq!(judged.is_ok(), ok, "{sold}");
        let mut demand = v1();
        demand["accepts"][0]["resource"] = sold.into();
        let judged = want("1 USDC").choose_v1(&demand);
        assert_eq!(judged.is_ok(), ok, "{sold}");
        if let Err(refused) = judged {
            assert_eq!(refused.code(), "X402_RESOURCE_MISMATCH", "{sold}");
        }
    }
    for missing in
        [json!(null), json!({}), json!({"url": 1}), json!("https://shop.example/weather")]
    {
        let mut demand = v2(vec![evm_entry()]);
        demand["resource"] = missing;
        let refused = want("1 USDC").choose(&demand).unwrap_err();
        assert_eq!(refused.code(), "X402_RESOURCE_MISMATCH");
    }
}

#[test]
fn money_is_the_named_currency_or_one_pegged_to_it() {
    let demand = v2(vec![evm_entry(), nano_entry()]);
    assert_eq!(want("1 USD").choose(&demand).unwrap().terms.amount, 10_000);
    assert_eq!(want("0.01 USD").choose(&demand).unwrap().terms.amount, 10_000);
    assert_eq!(want("1 XNO").choose(&demand).unwrap().terms.asset, "XNO");
    let unpegged = Want { pegs: Pegs::new(), ..want("1 USD") };
    assert_eq!(unpegged.choose(&demand).unwrap_err().code(), "X402_CURRENCY_NOT_WANTED");
    assert_eq!(want("1 EUR").choose(&demand).unwrap_err().code(), "X402_CURRENCY_NOT_WANTED");
    // A tenth of a cent counts against a budget in dollars.
    let tenth = changed(evm_entry(), "amount", "10001".into());
    assert_eq!(want("0.01 USD").choose(&tenth).unwrap_err().code(), "X402_PRICE_ABOVE_MAX");
}

#[test]
fn of_several_the_cheapest_is_paid_and_the_furthest_reason_told() {
    let mut cheap = evm_entry();
    cheap["amount"] = "9999".into();
    let mut upto = evm_entry();
    upto["scheme"] = "upto".into();
    upto["amount"] = "1".into();
    let demand = v2(vec![upto.clone(), evm_entry(), cheap.clone(), cheap]);
    assert_eq!(want("1 USDC").choose(&demand).unwrap().terms.amount, 9_999);
    let mut dear = evm_entry();
    dear["amount"] = "50000000".into();
    let refused = want("1 USDC").choose(&v2(vec![upto, dear, json!(1)])).unwrap_err();
    assert_eq!(refused.code(), "X402_PRICE_ABOVE_MAX");
    assert!(refused.to_string().contains("50 USDC") && refused.to_string().contains("1 USDC"));
}

#[test]
fn the_owner_says_which_networks() {
    let only = |name: &str| Want { networks: Some(vec![name.to_owned()]), ..want("1 USDC") };
    assert!(only("eip155:84532").choose(&v2(vec![evm_entry()])).is_ok());
    let refused = only("eip155:421614").choose(&v2(vec![evm_entry()])).unwrap_err();
    assert_eq!(refused.code(), "X402_NETWORK_NOT_ALLOWED");
    let none = Want { networks: Some(Vec::new()), ..want("1 XNO") };
    let refused = none.choose(&v2(vec![nano_entry()])).unwrap_err();
    assert_eq!(refused.code(), "X402_NETWORK_NOT_ALLOWED");
    // A live wallet pays on main networks alone, a token of the owner's on its own chain.
    let live = Want { wallet: Network::Live, ..want("1 USDC") };
    assert_eq!(live.choose(&v2(vec![evm_entry()])).unwrap_err().code(), "X402_NETWORK_MIXED");
    let row = AssetRow {
        chain_id: 31_337,
        address: EvmAddress::from_bytes([1; 20]),
        name: "Mine".to_owned(),
        version: "1".to_owned(),
        decimals: 6,
        symbol: "USDC".parse().unwrap(),
        test: true,
    };
    let own = Want { assets: Assets::pinned().with(&[row]).unwrap(), ..want("1 USDC") };
    let mut entry = evm_entry();
    entry["network"] = "eip155:31337".into();
    entry["asset"] = "0x0101010101010101010101010101010101010101".into();
    entry["extra"] = json!({"name": "Mine", "version": "1"});
    assert!(own.choose(&v2(vec![entry])).is_ok());
}

#[test]
fn tricks_in_nano_are_refused_too() {
    for (field, value, code) in [
        ("asset", json!("NANO"), "X402_ASSET_UNKNOWN"),
        ("payTo", json!(PAY_TO), "X402_PAY_TO_REFUSED"),
        ("payTo", json!(Account::BURN.to_string()), "X402_PAY_TO_REFUSED"),
        ("payTo", json!(own_nano().to_string()), "X402_PAY_TO_REFUSED"),
        ("payTo", json!(own_nano().to_string().replace("nano_", "xrb_")), "X402_PAY_TO_REFUSED"),
        ("extra.work", json!("maybe"), "X402_MALFORMED"),
        ("extra.workThreshold", json!("ffffffffffffffff"), "X402_WORK_UNSUPPORTED"),
        ("extra.workThreshold", json!("0"), "X402_MALFORMED"),
        ("extra.validBefore", json!(1_000), "X402_NO_TIME"),
        ("extra.validBefore", json!("999"), "X402_NO_TIME"),
        ("extra.validBefore", json!("soon"), "X402_MALFORMED"),
        ("amount", json!("0"), "X402_AMOUNT_INVALID"),
        ("extra.paymentFlow", json!("escrow"), "X402_FLOW_UNSUPPORTED"),
    ] {
        let refused = want("1 XNO").choose(&changed(nano_entry(), field, value.clone()));
        assert_eq!(refused.expect_err(field).code(), code, "{field} {value}");
    }
    let offer = want("1 XNO").choose(&changed(nano_entry(), "extra.validBefore", json!(1_010)));
    assert_eq!(offer.unwrap().max_timeout_s, 10);
    let offer = want("1 XNO").choose(&changed(nano_entry(), "extra.work", json!("optional")));
    assert!(matches!(offer.unwrap().means, Means::Nano { work: WorkBy::Seller, .. }));
    let xrb = seller_nano().to_string().replace("nano_", "xrb_");
    let offer = want("1 XNO").choose(&changed(nano_entry(), "payTo", xrb.into())).unwrap();
    assert_eq!(offer.terms.pay_to, seller_nano().to_string());
}

#[test]
fn dialects_are_for_nano_alone() {
    let dialect = |entry: Value| json!({ "x402Version": 2, "accepted": entry });
    assert!(want("1 XNO").choose(&dialect(nano_entry())).is_ok());
    assert_eq!(want("1 USDC").choose(&dialect(evm_entry())).unwrap_err(), Unpayable::Dialect);
    // What a dialect says of the resource is checked all the same.
    let mut elsewhere = dialect(nano_entry());
    elsewhere["resource"] = json!({"url": "https://evil.example/weather"});
    let refused = want("1 XNO").choose(&elsewhere).unwrap_err();
    assert_eq!(refused.code(), "X402_RESOURCE_MISMATCH");
}

#[test]
fn every_entry_is_judged_in_its_place() {
    let demand = v2(vec![json!({}), evm_entry(), json!("x"), nano_entry()]).to_string();
    let demand = demand.replace("\"x402Version\":2", "\"x402Version\":2,\"error\":\"e\"");
    let want = want("1 USDC");
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(demand);
    let asked = read_demand([text.as_bytes()], b"").unwrap();
    let judged = offers(&asked, &want.wanted());
    let ok: Vec<bool> = judged.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [false, true, false, false]);
}

#[test]
fn a_sellers_words_are_quoted() {
    let hostile = "x\u{1b}[2J\u{202e}".to_owned();
    let refused = want("1 USDC").choose(&changed(evm_entry(), "scheme", hostile.into()));
    let words = refused.unwrap_err().to_string();
    assert!(!words.contains('\u{1b}') && !words.contains('\u{202e}'), "{words}");
    let long = "x".repeat(limits::X402_TEXT_BYTES);
    let judged = |text: &str| want("1 USDC").choose(&changed(evm_entry(), "scheme", text.into()));
    assert_eq!(judged(&long).unwrap_err().code(), "X402_SCHEME_UNSUPPORTED");
    assert_eq!(judged(&format!("{long}x")).unwrap_err().code(), "X402_MALFORMED");
}
