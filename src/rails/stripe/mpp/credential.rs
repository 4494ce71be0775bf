//! The answer to a challenge.
//!
//! The challenge must be sent back word for word: the seller knows it by its own seal. The answer holds the token, so
//! this module must never show it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Challenge;
use crate::rails::stripe::TokenId;
use crate::secret::Secret;

/// The value of the header that pays `challenge` with `token`.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn credential(challenge: &Challenge, token: &TokenId) -> Result<Secret, serde_json::Error> {
    let payload = Payload { spt: token, external_id: challenge.external_id.as_deref() };
    let wire = Wire { challenge: &challenge.params, payload };
    let json = Zeroizing::new(serde_json::to_vec(&wire)?);
    Ok(Secret::new(format!("Payment {}", URL_SAFE_NO_PAD.encode(&*json))))
}

#[derive(Serialize)]
struct Wire<'a> {
    challenge: &'a BTreeMap<String, String>,
    payload: Payload<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    spt: &'a TokenId,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Millis;

    #[test]
    fn the_challenge_comes_back_word_for_word() {
        let request = r#"{"amount":"50","currency":"usd","externalId":"order 7","methodDetails":{"networkId":"profile_1","paymentMethodTypes":["card"]}}"#;
        let request = URL_SAFE_NO_PAD.encode(request);
        let header = format!(
            r#"Payment id="c1", realm="shop", method="stripe", intent="charge", request="{request}", opaque="x y""#
        );
        let challenge = Challenge::read([header.as_str()], Millis(0)).unwrap();
        let credential = credential(&challenge, &"spt_1".parse().unwrap()).unwrap();
        assert!(!format!("{credential:?}").contains("Payment"));
        let text = String::from_utf8(credential.expose().to_vec()).unwrap();
        let json = URL_SAFE_NO_PAD.decode(text.strip_prefix("Payment ").unwrap()).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        // A seller that names the purchase takes no answer that does not (mppx 0.11).
        let payload = serde_json::json!({ "spt": "spt_1", "externalId": "order 7" });
        assert_eq!(json["payload"], payload);
        assert_eq!(json["challenge"]["request"], request);
        assert_eq!(json["challenge"]["opaque"], "x y");
    }
}
