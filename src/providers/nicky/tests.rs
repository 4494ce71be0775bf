//! What is checked before and after money moves, on answers made for the purpose.

use serde_json::{Value, json};

use super::wire::{AttemptWire, ProgressWire, RequestWire};
use super::*;
use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::Account;
use crate::providers::{AmountTextError, PayeeError};

fn request(change: impl Fn(&mut Value)) -> Result<PaymentRequest, String> {
    let mut json = json!({
        "shortId": "VWXYZ", "description": "d", "totalAmount": 5.0, "openAmount": 5.0,
        "nativeAssetId": "XNO", "status": "PaymentPending",
        "receiverUser": {"name": "Alice", "email": null},
        "availableAssets": [
            {"id": "USDT_TRC20", "assetName": "USDT", "isFiat": false, "decimalPrecisionUI": "2"},
            {"id": "NANO.XNO", "assetName": "Nano", "isFiat": false, "decimalPrecisionUI": 6},
            {"id": "XNO", "assetName": "Nano", "isFiat": false, "decimalPrecisionUI": 6},
        ],
    });
    change(&mut json);
    let wire = serde_json::from_str::<RequestWire>(&json.to_string()).map_err(|e| e.to_string())?;
    wire.try_into()
}

fn attempt(change: impl Fn(&mut Value)) -> Attempt {
    let mut json = json!({
        "paymentAttemptId": "X7K2P1", "walletAddress": Account::from_bytes([7; 32]).to_string(),
        "memo": null, "amountToSend": 5.0, "assetId": "XNO", "assetName": "Nano",
        "paymentRequestShortId": "vwxyz", "expiresAt": "2026-06-08T13:55:00Z",
        "createdAt": "2026-06-08T13:25:00", "status": "Pending",
    });
    change(&mut json);
    let wire: AttemptWire = serde_json::from_str(&json.to_string()).unwrap();
    wire.try_into().unwrap()
}

fn checked(change: impl Fn(&mut Value)) -> Result<Payable, NotPayable> {
    let request = request(|_| {}).unwrap();
    let asset = "XNO".parse().unwrap();
    check_attempt(&request, &asset, &attempt(change), &[Account::from_bytes([1; 32])], NOW)
}

#[test]
fn other_names_of_a_field_are_read_and_must_agree() {
    let old = request(|json| {
        json["openAmount"].take();
        json["remainingAmount"] = json!("5.00");
        json["payerInfoRequired"] = json!({"nameRequired": false, "emailRequired": true});
    });
    let old = old.unwrap();
    assert_eq!(old.open_amount.to_string(), "5");
    assert!(!old.is_name_required && old.is_email_required);
    assert!(request(|json| json["remainingAmount"] = json!("5.0")).is_ok());
    let differ = request(|json| json["remainingAmount"] = json!(6));
    assert_eq!(differ, Err("openAmount and remainingAmount differ".to_owned()));
    assert!(request(|json| json["availableAssets"][0]["assetId"] = json!("other")).is_err());
    for (field, value) in
        [("openAmount", json!(-1)), ("openAmount", json!([])), ("shortId", json!(7))]
    {
        assert!(request(|json| json[field] = value.clone()).is_err(), "{field}");
    }
    let of = |count: usize| {
        request(|json| json["availableAssets"] = vec![json!({"id": "A"}); count].into())
    };
    assert!(of(crate::limits::NICKY_LIST).is_ok() && of(crate::limits::NICKY_LIST + 1).is_err());
}

#[test]
fn the_native_asset_comes_first() {
    let request = request(|_| {}).unwrap();
    let ids: Vec<&str> = payable_assets(&request).iter().map(|asset| asset.id.as_str()).collect();
    assert_eq!(ids, ["XNO", "NANO.XNO"]);
}

#[test]
fn only_an_open_request_is_paid() {
    for status in ["Finished", "Canceled", "None", "PaymentValidationRequired", "Whatever"] {
        let found = request(|json| json["status"] = json!(status)).unwrap();
        assert!(matches!(check_request(&found), Err(NotPayable::Status(_))), "{status}");
    }
    let found = request(|json| json["openAmount"] = json!(0.0)).unwrap();
    assert_eq!(check_request(&found), Err(NotPayable::NothingOpen));
}

#[test]
fn an_attempt_that_agrees_is_paid_exactly() {
    let payable = checked(|_| {}).unwrap();
    assert_eq!(payable.account, Account::from_bytes([7; 32]));
    assert_eq!((payable.amount, payable.is_converted), (Raw::from_xno("5").unwrap(), false));
    let less = checked(|json| json["amountToSend"] = json!(0.30000000000000004_f64)).unwrap();
    assert_eq!(less.amount.get(), 300_000_000_000_000_040_000_000_000_000);
}

#[test]
fn a_hostile_attempt_is_refused_for_its_reason() {
    let own = Account::from_bytes([1; 32]).to_string();
    let key = Account::from_bytes([7; 32]).to_string();
    let refused =
        |field: &str, value: Value| checked(|json| json[field] = value.clone()).unwrap_err();
    let payee = |address: String| refused("walletAddress", json!(address));
    assert_eq!(payee(own), NotPayable::Payee(PayeeError::Own));
    assert_eq!(payee(Account::BURN.to_string()), NotPayable::Payee(PayeeError::Burn));
    let other = NotPayable::Payee(PayeeError::OtherNetwork { prefix: "usd_" });
    assert_eq!(payee(key.replace("nano_", "usd_")), other);
    assert_eq!(refused("memo", json!("tag")), NotPayable::Memo);
    assert!(checked(|json| json["memo"] = json!("")).is_ok());
    assert!(matches!(refused("amountToSend", json!(5.1)), NotPayable::MoreThanOpen { .. }));
    let zero = NotPayable::Amount(AmountTextError::Zero);
    assert_eq!(refused("amountToSend", json!(0)), zero);
    let fine = NotPayable::Amount(AmountTextError::TooManyDecimals);
    assert_eq!(refused("amountToSend", json!(1.234_567_890_123_456_7e-15)), fine);
    assert!(matches!(refused("assetId", json!("NANO.XNO")), NotPayable::OtherAsset { .. }));
    assert!(matches!(
        refused("paymentRequestShortId", json!("OTHER")),
        NotPayable::OtherRequest { .. }
    ));
    assert!(matches!(refused("status", json!("Expired")), NotPayable::AttemptStatus(_)));
    let at = |time: &str| checked(|json| json["expiresAt"] = json!(time));
    assert!(at("2026-06-08T13:27:00Z").is_ok(), "at the limit");
    assert_eq!(at("2026-06-08T13:26:59.999Z"), Err(NotPayable::TooLate { left_ms: 119_999 }));
    assert_eq!(at("2026-06-08T13:00:00Z"), Err(NotPayable::TooLate { left_ms: 0 }));
}

#[test]
fn paid_is_told_from_in_flight_and_from_paid_by_another() {
    let look = |status: &str, is_paid: bool, request: &str, hash: &str| {
        let json = json!({
            "paymentAttemptId": "X7K2P1", "walletAddress": "nano_x", "expectedAmount": 5.0,
            "assetId": "XNO", "status": status, "isPaid": is_paid, "finishedAt": null,
            "paymentRequest": {"status": request, "openAmountNative": 0.0, "bill": {"x": 1}},
            "transactions": [{"transactionHash": hash, "blockchainStatus": "TxFound"}],
            "suggestedTransactionHash": "",
        });
        let wire: ProgressWire = serde_json::from_str(&json.to_string()).unwrap();
        outlook(&wire.try_into().unwrap(), Some("AB"))
    };
    let in_flight = look("Received", false, "PaymentPending", "ab");
    assert!(!in_flight.is_final && !in_flight.is_request_paid && in_flight.is_ours_known);
    let done = look("Confirmed", true, "Finished", "AB");
    assert!(done.is_attempt_confirmed && done.is_final && !done.needs_support);
    let another = look("Pending", true, "Finished", "CD");
    assert!(another.is_paid_by_another && another.is_final && another.needs_support);
    let expired = look("Expired", false, "PaymentPending", "CD");
    assert!(expired.is_final && expired.needs_support && !expired.is_paid_by_another);
    assert!(!look("Whatever", false, "PaymentPending", "CD").is_final);
    let eager = crate::limits::NICKY_EAGER;
    assert_eq!(poll_after(eager), crate::limits::NICKY_POLL_LATER);
    assert!(poll_after(eager / 2).as_secs() >= 10);
}

/// 2026-06-08T13:25:00Z.
const NOW: Millis = Millis(1_780_925_100_000);
