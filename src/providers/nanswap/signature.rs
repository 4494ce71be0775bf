//! The signature of a webhook (seeds/003, signature verification), checked exactly as the published code computes it.
//!
//! The published code compares with `===`; here the time must never depend on the signature. An empty secret is no
//! secret. Nested fields are not all signed and are never handed on.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::value::RawValue;
use sha2::Sha512;

use super::canonical::canonical;
use crate::digest::Digest;
use crate::limits;
use crate::secret::Secret;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-nanswap-sig";

/// A body whose signature holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The top-level members that are no objects or arrays, by name, as literal JSON.
    pub members: BTreeMap<String, Box<RawValue>>,
    /// Tells one signed text from another: the same for a body that is sent again, however it is spelled.
    pub digest: Digest,
}

/// Why a body is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// No secret to check with.
    #[error("no webhook secret is set, so nothing can be checked")]
    NoSecret,
    /// Not 128 hex digits.
    #[error("the signature is not 128 hex digits")]
    Malformed,
    /// Signed by somebody else, or changed afterwards.
    #[error("the signature is not Nanswap's for this body")]
    Wrong,
    /// More bytes than a webhook may have.
    #[error("the body has {found} bytes, at most {} are read", limits::WEBHOOK_BYTES)]
    TooLong {
        /// Bytes of the body.
        found: usize,
    },
    /// Objects and arrays inside of each other without an end.
    #[error("the body is nested deeper than {} levels", limits::WEBHOOK_DEPTH)]
    TooDeep,
    /// Not JSON, or with half a character in it.
    #[error("the body is no JSON text")]
    NotJson,
    /// Another JSON value.
    #[error("the body is no JSON object")]
    NotAnObject,
    /// A name that stands twice: two readers may keep different ones.
    #[error("the body has a name twice")]
    DuplicateName,
    /// A name that JavaScript does not treat as one.
    #[error("the body has a member named __proto__")]
    Prototype,
    /// A number that no double holds.
    #[error("the body has a number too large or too small for a double")]
    Number,
}

/// Checks `signature`, the value of [`SIGNATURE_HEADER`], over the raw `body`.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(body: &[u8], signature: &str, secret: &Secret) -> Result<Verified, SignatureError> {
    let secret = trimmed(secret)?;
    let claimed = unhex(signature.trim()).ok_or(SignatureError::Malformed)?;
    if body.len() > limits::WEBHOOK_BYTES {
        return Err(SignatureError::TooLong { found: body.len() });
    }
    let body = std::str::from_utf8(body).map_err(|_| SignatureError::NotJson)?;
    let found = canonical(body)?;
    let mac = mac(&secret, &found.signed);
    mac.verify_slice(&claimed).map_err(|_| SignatureError::Wrong)?;
    let is_plain = |value: &RawValue| !value.get().starts_with(['{', '[']);
    let members = found.members.into_iter().filter(|(_, value)| is_plain(value));
    Ok(Verified {
        members: members.map(|(name, value)| (name, value.to_owned())).collect(),
        digest: Digest::of(found.signed.as_bytes()),
    })
}

/// The signature of `body`, for simulators and tests.
///
/// # Errors
/// [`SignatureError`] if the body cannot be signed.
pub fn sign(body: &str, secret: &Secret) -> Result<String, SignatureError> {
    let secret = trimmed(secret)?;
    let bytes = mac(&secret, &canonical(body)?.signed).finalize().into_bytes();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Without the space and line ends a setting may have around it, as Nanswap's own plugin trims it.
fn trimmed(secret: &Secret) -> Result<zeroize::Zeroizing<Vec<u8>>, SignatureError> {
    let bytes = secret.expose().trim_ascii();
    if bytes.is_empty() { Err(SignatureError::NoSecret) } else { Ok(bytes.to_vec().into()) }
}

fn mac(secret: &[u8], signed: &str) -> Hmac<Sha512> {
    let mut mac = Hmac::<Sha512>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    mac
}

fn unhex(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let bytes = crate::secret::unhex(text)?;
    bytes.as_slice().try_into().ok()
}

const SIGNATURE_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn checked(body: &str) -> Result<Verified, SignatureError> {
        let signature = sign(body, &secret("s")).unwrap_or_else(|_| "0".repeat(128));
        verify(body.as_bytes(), &signature, &secret("s"))
    }

    #[test]
    fn only_signed_members_are_handed_on() {
        let verified =
            checked(r#"{"status":"completed","amount":1.50,"meta":{"x":1},"l":[1]}"#).unwrap();
        let names: Vec<&String> = verified.members.keys().collect();
        assert_eq!(names, ["amount", "status"]);
        assert_eq!(verified.members["amount"].get(), "1.50");
        let again =
            checked(r#"{ "amount":1.5, "meta":{}, "l":[1.0], "status":"completed" }"#).unwrap();
        assert_eq!(verified.digest, again.digest);
    }

    #[test]
    fn without_a_secret_nothing_is_believed() {
        for empty in ["", " ", "\n"] {
            assert_eq!(
                verify(b"{}", &"0".repeat(128), &secret(empty)).unwrap_err(),
                SignatureError::NoSecret
            );
        }
        let signature = sign("{}", &secret("s")).unwrap();
        assert!(verify(b"{}", &signature, &secret(" s\n")).is_ok());
        assert!(verify(b"{}", &format!(" {} ", signature.to_uppercase()), &secret("s")).is_ok());
        assert_eq!(verify(b"{}", &signature, &secret("t")).unwrap_err(), SignatureError::Wrong);
        for bad in ["", "00", &"0".repeat(127), &"0".repeat(129), &"g".repeat(128), &"é".repeat(64)]
        {
            let refused = verify(b"{}", bad, &secret("s")).unwrap_err();
            assert_eq!(refused, SignatureError::Malformed, "{bad}");
        }
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        use SignatureError::{DuplicateName, NotAnObject, NotJson, Number, Prototype};
        let cases = [
            (r#"{"a":1,"a":1}"#, DuplicateName),
            (r#"{"a":1,"\u0061":1}"#, DuplicateName),
            (r#"{"a":{"b":1,"b":2},"b":1}"#, DuplicateName),
            (r#"{"__proto__":1}"#, Prototype),
            (r#"{"a":[{"__proto__":1}]}"#, Prototype),
            (r#"{"a":1e400}"#, Number),
            (r#"{"a":-1e400}"#, Number),
            (r#"{"a":1e-400}"#, Number),
            (r#"{"a":"\ud800"}"#, NotJson),
            (r#"{"a":01}"#, NotJson),
            (r#"{"a":NaN}"#, NotJson),
            (r#"{"a":1,}"#, NotJson),
            (r#"{"a":1} x"#, NotJson),
            ("[]", NotAnObject),
            ("7", NotAnObject),
            ("", NotAnObject),
            ("\u{feff}{}", NotAnObject),
        ];
        for (body, error) in cases {
            assert_eq!(checked(body).unwrap_err(), error, "{body}");
        }
        assert_eq!(
            verify(b"{\"a\":\"\xff\"}", &"0".repeat(128), &secret("s")).unwrap_err(),
            NotJson
        );
    }

    #[test]
    fn length_and_depth_have_an_end() {
        let of = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(checked(&of(limits::WEBHOOK_BYTES)).is_ok());
        let found = limits::WEBHOOK_BYTES + 1;
        assert_eq!(checked(&of(found)).unwrap_err(), SignatureError::TooLong { found });
        let of =
            |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(checked(&of(limits::WEBHOOK_DEPTH)).is_ok());
        assert_eq!(checked(&of(limits::WEBHOOK_DEPTH + 1)).unwrap_err(), SignatureError::TooDeep);
    }
}
