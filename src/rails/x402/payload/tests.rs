//! Payloads against the published ones, and those that must not be written.

use serde_json::{Value, json};

use super::*;
use crate::evm::{EvmKey, TokenDomain};
use crate::nano::{BlockHash, Difficulty, PrivateKey, StateBlock, Work};
use crate::rails::x402::{Assets, Scheme, Terms, Version};

fn offer(means: Means, amount: u128) -> Offer {
    let terms = Terms {
        version: Version::V2,
        scheme: Scheme::Exact,
        network: String::new(),
        asset: String::new(),
        pay_to: String::new(),
        currency: "USDC".parse().unwrap(),
        amount,
    };
    let raw = RawValue::from_string("{}".to_owned()).unwrap();
    Offer { terms, means, max_timeout_s: 60, network_as_written: String::new(), raw }
}

fn evm() -> (EvmKey, Offer, TokenDomain) {
    let token = Assets::pinned().all()[0].clone();
    let domain = token.domain.clone();
    let pay_to = EvmAddress::from_bytes([9; 20]);
    (EvmKey::from_bytes(&[7; 32]).unwrap(), offer(Means::Evm { token, pay_to }, 10_000), domain)
}

#[test]
fn an_authorisation_pays_its_offer_and_nothing_else() {
    let (key, offer, domain) = evm();
    let made = authorization(&offer, key.address(), 1_000, Nonce([1; 32])).unwrap();
    assert_eq!((made.valid_after, made.valid_before, made.value), (0, 1_060, 10_000));
    let write = |made: Authorization| {
        let signature = made.sign(&domain, &key).unwrap();
        evm_payload(&offer, &made, &signature, 1_000)
    };
    let payload: Value = serde_json::from_str(write(made).unwrap().0.get()).unwrap();
    assert_eq!(payload["authorization"]["value"], "10000");
    assert_eq!(payload["authorization"]["validBefore"], "1060");
    assert_eq!(payload["signature"].as_str().unwrap().len(), 132);
    let elsewhere = EvmAddress::from_bytes([8; 20]);
    for (changed, error) in [
        (Authorization { to: elsewhere, ..made }, PayloadError::OtherPayment),
        (Authorization { value: 10_001, ..made }, PayloadError::OtherPayment),
        (Authorization { value: 9_999, ..made }, PayloadError::OtherPayment),
        (Authorization { valid_before: 1_000, ..made }, PayloadError::Validity),
    ] {
        assert_eq!(write(changed).unwrap_err(), error);
    }
    let other = made.sign(&TokenDomain { chain_id: 2, ..domain }, &key).unwrap();
    assert_eq!(evm_payload(&offer, &made, &other, 1_000).unwrap_err(), PayloadError::Signature);
}

#[test]
fn thirty_days_are_signed_as_five_minutes() {
    let (key, mut offer, domain) = evm();
    let most = limits::X402_VALIDITY.as_secs();
    for (asked, valid_s) in
        [(1, 1), (most, most), (most + 1, most), (30 * 86_400, most), (u64::MAX, most)]
    {
        offer.max_timeout_s = asked;
        let made = authorization(&offer, key.address(), 1_000, Nonce([1; 32])).unwrap();
        assert_eq!(made.valid_before, 1_000 + valid_s, "{asked}");
    }
    let longer = Authorization {
        valid_before: 1_001 + most,
        ..authorization(&offer, key.address(), 1_000, Nonce([1; 32])).unwrap()
    };
    let signature = longer.sign(&domain, &key).unwrap();
    let error = evm_payload(&offer, &longer, &signature, 1_000).unwrap_err();
    assert_eq!(error, PayloadError::Validity);
}

/// A payment made on the main network on 2026-10-05 and published by its payer.
#[test]
fn the_mainnet_payment_passes_every_check_and_is_written_the_same() {
    let text = include_str!("../../../../tests/vectors/x402/x402-nano-mainnet-payment.json");
    let vector: Value = serde_json::from_str(text).unwrap();
    let written = &vector["payload"]["block"];
    let signed: SignedBlock = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(signed.hash().to_string(), vector["_block_hash"].as_str().unwrap());
    assert!(signed.verify());
    let pay_to = vector["accepted"]["payTo"].as_str().unwrap().parse().unwrap();
    assert_eq!(signed.block.link.as_account(), pay_to);
    assert_eq!(written["link_as_account"], vector["accepted"]["payTo"]);
    let threshold = vector["accepted"]["extra"]["workThreshold"].as_str().unwrap();
    let threshold: Difficulty = threshold.parse().unwrap();
    assert_eq!(threshold, Network::Live.thresholds().epoch_2_send);
    assert!(threshold.is_met_by(signed.work.unwrap(), &signed.block.root()));

    let amount = vector["accepted"]["amount"].as_str().unwrap().parse().unwrap();
    let offer = offer(Means::Nano { pay_to, work: WorkBy::Payer }, amount);
    let payload = nano_payload(&offer, &signed, Network::Live).unwrap();
    let ours: Value = serde_json::from_str(payload.0.get()).unwrap();
    assert_eq!(ours, vector["payload"]);
}

#[test]
fn a_block_that_does_not_pay_is_not_written() {
    let key = PrivateKey::from_bytes([7; 32]);
    let pay_to = PrivateKey::from_bytes([8; 32]).account();
    let block = StateBlock {
        account: key.account(),
        previous: BlockHash::from_bytes([1; 32]),
        representative: key.account(),
        balance: crate::money::Raw::new(5),
        link: pay_to.into(),
    };
    let threshold = Network::Dev.thresholds().epoch_2_send;
    let mut nonces = (0..).map(Work);
    let work = nonces.find(|work| threshold.is_met_by(*work, &block.root()));
    let weak = (0..).map(Work).find(|work| !threshold.is_met_by(*work, &block.root()));
    let signed = SignedBlock { block, signature: key.sign(&block.hash()), work };
    let by = |work| offer(Means::Nano { pay_to, work }, 1);
    let write = |offer: &Offer, signed| nano_payload(offer, &signed, Network::Dev);
    assert!(write(&by(WorkBy::Payer), signed).is_ok());
    assert!(write(&by(WorkBy::Seller), signed).is_ok());
    let workless = SignedBlock { work: None, ..signed };
    let payload = write(&by(WorkBy::Seller), workless).unwrap();
    let payload: Value = serde_json::from_str(payload.0.get()).unwrap();
    assert_eq!(payload["block"]["work"], json!("0"));
    assert_eq!(write(&by(WorkBy::Payer), workless).unwrap_err(), PayloadError::Work);
    let weak = SignedBlock { work: weak, ..signed };
    assert_eq!(write(&by(WorkBy::Payer), weak).unwrap_err(), PayloadError::Work);
    assert_eq!(write(&by(WorkBy::Seller), weak).unwrap_err(), PayloadError::Work);
    let other = StateBlock { link: key.account().into(), ..block };
    let elsewhere = SignedBlock { block: other, signature: key.sign(&other.hash()), work };
    assert_eq!(write(&by(WorkBy::Payer), elsewhere).unwrap_err(), PayloadError::OtherPayment);
    let unsigned =
        SignedBlock { block: StateBlock { balance: crate::money::Raw::ZERO, ..block }, ..signed };
    assert_eq!(write(&by(WorkBy::Payer), unsigned).unwrap_err(), PayloadError::Signature);
    let (_, in_tokens, _) = evm();
    assert_eq!(write(&in_tokens, signed).unwrap_err(), PayloadError::Kind);
}
