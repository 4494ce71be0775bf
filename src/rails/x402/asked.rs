//! What a 402 says: version 2 in a header, version 1 in the body.
//!
//! Strict first. The few dialects that sellers paid in Nano speak are read after it, and only their entries in Nano
//! count. This module must never mend a demand, nor read one past its cap; `accepted` and `resource` are kept as the
//! bytes the seller wrote.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json;
use crate::limits;

/// The version of the protocol a seller speaks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Version {
    /// Body, `X-PAYMENT`.
    #[serde(rename = "1")]
    V1,
    /// `PAYMENT-REQUIRED`, `PAYMENT-SIGNATURE`.
    #[serde(rename = "2")]
    V2,
}

/// A demand, read but not yet judged.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which protocol it is written in.
    pub version: Version,
    /// The entries as the seller wrote them.
    pub(super) entries: Vec<Box<RawValue>>,
    /// What is sold, as the seller wrote it; version 1 has it in its entries.
    pub(super) resource: Option<Box<RawValue>>,
    /// What the seller offers beside the protocol.
    pub(super) extensions: Option<Box<RawValue>>,
    /// Written in a dialect: only entries in Nano count.
    pub(super) is_dialect: bool,
}

/// Why an answer is no demand that can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DemandError {
    /// The header is longer than it may be, or stands there twice.
    #[error(
        "the seller's header has {found} bytes, at most {} are read",
        limits::X402_HEADER_BYTES
    )]
    HeaderTooLong {
        /// Its bytes.
        found: usize,
    },
    /// Two headers ask.
    #[error("the seller asks in more than one header")]
    TwoHeaders,
    /// The header is not standard base64 of UTF-8 text.
    #[error("the seller's header is not base64")]
    NotBase64,
    /// The body is longer than it may be.
    #[error("the seller's demand has {found} bytes, at most {} are read", limits::X402_BODY_BYTES)]
    BodyTooLong {
        /// Its bytes.
        found: usize,
    },
    /// No JSON, or a key stands twice in it.
    #[error("the seller's demand is not JSON, or has a key twice")]
    NotJson,
    /// JSON of another shape, or another version.
    #[error("the seller's 402 is no demand of x402 version 1 or 2")]
    NotX402,
    /// More entries than are read.
    #[error("the seller names {found} ways to pay, at most {} are read", limits::X402_OFFERS)]
    TooManyOffers {
        /// How many there are.
        found: usize,
    },
}

/// Reads a demand from the values of its header, if there are any, and from the body of the answer.
///
/// # Errors
/// [`DemandError`].
pub fn read_demand<'a>(
    headers: impl IntoIterator<Item = &'a [u8]>,
    body: &[u8],
) -> Result<Asked, DemandError> {
    let mut headers = headers.into_iter();
    let header = headers.next();
    if headers.next().is_some() {
        return Err(DemandError::TwoHeaders);
    }
    let asked = match header {
        Some(header) => from_header(header, body)?,
        None => from_body(&text_of(body)?)?,
    };
    match asked.entries.len() {
        0 => Err(DemandError::NotX402),
        found if found > limits::X402_OFFERS => Err(DemandError::TooManyOffers { found }),
        _ => Ok(asked),
    }
}

fn from_header(header: &[u8], body: &[u8]) -> Result<Asked, DemandError> {
    if header.len() > limits::X402_HEADER_BYTES {
        return Err(DemandError::HeaderTooLong { found: header.len() });
    }
    let decoded = STANDARD.decode(header).map_err(|_| DemandError::NotBase64)?;
    let text = String::from_utf8(decoded).map_err(|_| DemandError::NotBase64)?;
    let demand = read(&text)?;
    match (demand.version, demand.accepts.is_some()) {
        (Some(2), true) => Ok(demand.into_asked(Version::V2, false)),
        (Some(1), _) => Err(DemandError::NotX402),
        // One bare entry in the header; the whole list may stand in the body.
        _ if demand.scheme.is_some() => {
            let whole = text_of(body).and_then(|text| from_body(&text)).ok();
            let bare = RawValue::from_string(text).map_err(|_| DemandError::NotJson)?;
            let listed = whole.filter(|whole| whole.version == Version::V2);
            Ok(listed.unwrap_or(Asked { entries: vec![bare], ..Asked::EMPTY_DIALECT }))
        }
        _ => dialect(demand),
    }
}

fn from_body(text: &str) -> Result<Asked, DemandError> {
    let demand = read(text)?;
    match (demand.version, demand.accepts.is_some()) {
        (Some(1), true) => Ok(demand.into_asked(Version::V1, false)),
        (Some(1), false) => Err(DemandError::NotX402),
        _ => dialect(demand),
    }
}

/// The list under another name, or version 2 in the body.
fn dialect(mut demand: Demand) -> Result<Asked, DemandError> {
    if demand.version.is_some_and(|version| version != 2) {
        return Err(DemandError::NotX402);
    }
    let nested = demand.payment.take().and_then(|payment| payment.accepted);
    let list = demand.accepts.take().or(demand.accepted.take().map(OneOrMany::into_vec));
    demand.accepts = list.or(nested.map(OneOrMany::into_vec));
    if demand.accepts.is_none() {
        return Err(DemandError::NotX402);
    }
    Ok(demand.into_asked(Version::V2, true))
}

fn text_of(body: &[u8]) -> Result<String, DemandError> {
    if body.len() > limits::X402_BODY_BYTES {
        return Err(DemandError::BodyTooLong { found: body.len() });
    }
    String::from_utf8(body.to_vec()).map_err(|_| DemandError::NotJson)
}

fn read(text: &str) -> Result<Demand, DemandError> {
    if !json::is_strict(text) {
        return Err(DemandError::NotJson);
    }
    serde_json::from_str(text).map_err(|_| DemandError::NotX402)
}

/// Every shape a demand has; what is beside these fields is the seller's.
#[derive(Deserialize)]
struct Demand {
    #[serde(rename = "x402Version")]
    version: Option<u64>,
    accepts: Option<Vec<Box<RawValue>>>,
    accepted: Option<OneOrMany>,
    payment: Option<Nested>,
    resource: Option<Box<RawValue>>,
    extensions: Option<Box<RawValue>>,
    /// Of a bare entry.
    scheme: Option<String>,
}

#[derive(Deserialize)]
struct Nested {
    accepted: Option<OneOrMany>,
}

/// The dialects write one entry without a list.
struct OneOrMany(Vec<Box<RawValue>>);

impl OneOrMany {
    fn into_vec(self) -> Vec<Box<RawValue>> {
        self.0
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if !raw.get().starts_with('[') {
            return Ok(Self(vec![raw]));
        }
        serde_json::from_str(raw.get()).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Demand {
    fn into_asked(self, version: Version, is_dialect: bool) -> Asked {
        let is_there = |raw: &RawValue| raw.get() != "null";
        Asked {
            version,
            entries: self.accepts.unwrap_or_default(),
            resource: self.resource.filter(|raw| is_there(raw)),
            extensions: self.extensions.filter(|raw| is_there(raw)),
            is_dialect,
        }
    }
}

impl Asked {
    const EMPTY_DIALECT: Self = Self {
        version: Version::V2,
        entries: Vec::new(),
        resource: None,
        extensions: None,
        is_dialect: true,
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENTRY: &str = r#"{"scheme":"exact", "network":"nano:mainnet","amount":"1","x":1.50}"#;

    fn v2(text: &str) -> Result<Asked, DemandError> {
        let header = STANDARD.encode(text);
        read_demand([header.as_bytes()], b"{}")
    }

    fn v1(text: &str) -> Result<Asked, DemandError> {
        read_demand([], text.as_bytes())
    }

    fn listed(field: &str) -> String {
        format!(r#"{{"x402Version":2,"resource":{{"url" : "u"}},"{field}":[{ENTRY}]}}"#)
    }

    #[test]
    fn both_versions_are_read_and_their_parts_kept_verbatim() {
        let asked = v2(&listed("accepts")).unwrap();
        assert_eq!((asked.version, asked.is_dialect), (Version::V2, false));
        assert_eq!(asked.entries[0].get(), ENTRY);
        assert_eq!(asked.resource.unwrap().get(), r#"{"url" : "u"}"#);
        let asked = v1(&format!(r#"{{"x402Version":1,"error":"e","accepts":[{ENTRY}]}}"#)).unwrap();
        assert_eq!((asked.version, asked.is_dialect), (Version::V1, false));
        assert!(asked.resource.is_none());
    }

    #[test]
    fn dialects_are_known_as_such() {
        for text in [
            listed("accepted"),
            format!(r#"{{"x402Version":2,"accepted":{ENTRY}}}"#),
            format!(r#"{{"payment":{{"accepted":[{ENTRY}]}}}}"#),
        ] {
            for asked in [v2(&text).unwrap(), v1(&text).unwrap()] {
                assert_eq!((asked.version, asked.is_dialect), (Version::V2, true), "{text}");
                assert_eq!(asked.entries[0].get(), ENTRY);
            }
        }
        assert!(v1(&listed("accepts")).unwrap().is_dialect, "version 2 in a body");
        // One bare entry in the header, the list in the body.
        let bare = STANDARD.encode(ENTRY);
        let alone = read_demand([bare.as_bytes()], b"not json").unwrap();
        assert_eq!((alone.entries.len(), alone.is_dialect), (1, true));
        let both = format!(r#"{{"accepts":[{ENTRY},{ENTRY}]}}"#);
        let both = read_demand([bare.as_bytes()], both.as_bytes()).unwrap();
        assert_eq!((both.entries.len(), both.is_dialect), (2, true));
    }

    #[test]
    fn what_is_no_demand_is_refused() {
        for text in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"x402Version":2}"#,
            r#"{"x402Version":2,"accepts":[]}"#,
            r#"{"x402Version":2,"accepts":{}}"#,
            r#"{"x402Version":3,"accepts":[{}]}"#,
            r#"{"x402Version":"2","accepts":[{}]}"#,
            r#"{"x402Version":2.0,"accepts":[{}]}"#,
            r#"{"x402Version":-1,"accepts":[{}]}"#,
        ] {
            assert!(v2(text).is_err(), "{text}");
            assert!(v1(text).is_err(), "{text}");
        }
        let version_1 = format!(r#"{{"x402Version":1,"accepts":[{ENTRY}]}}"#);
        assert_eq!(v2(&version_1).unwrap_err(), DemandError::NotX402, "version 1 has no header");
        let twice =
            listed("accepts").replace("\"x402Version\":2", "\"x402Version\":2,\"x402Version\":2");
        assert_eq!(v2(&twice).unwrap_err(), DemandError::NotJson);
        let inside =
            listed("accepts").replace("\"amount\":\"1\"", "\"amount\":\"1\",\"amount\":\"1\"");
        assert_eq!(v2(&inside).unwrap_err(), DemandError::NotJson);
    }

    #[test]
    fn headers_are_standard_base64_and_one() {
        let text = listed("accepts");
        let header = STANDARD.encode(&text);
        let two = read_demand([header.as_bytes(), header.as_bytes()], b"");
        assert_eq!(two.unwrap_err(), DemandError::TwoHeaders);
        for bad in [
            text.clone(),
            header.trim_end_matches('=').to_owned() + "!",
            format!("{header} "),
            STANDARD.encode([0xFF, 0xFE]),
        ] {
            let error = read_demand([bad.as_bytes()], b"").unwrap_err();
            assert_eq!(error, DemandError::NotBase64, "{bad}");
        }
    }

    #[test]
    fn header_body_and_list_have_an_end() {
        let padded = |bytes: usize| {
            let text = listed("accepts");
            let room = bytes / 4 * 3 - text.len();
            STANDARD.encode(format!("{text}{}", " ".repeat(room)))
        };
        let longest = padded(limits::X402_HEADER_BYTES);
        assert_eq!(longest.len(), limits::X402_HEADER_BYTES);
        assert!(read_demand([longest.as_bytes()], b"").is_ok());
        let found = limits::X402_HEADER_BYTES + 4;
        let error = read_demand([padded(found).as_bytes()], b"").unwrap_err();
        assert_eq!(error, DemandError::HeaderTooLong { found });

        let body = |bytes: usize| {
            let text = format!(r#"{{"x402Version":1,"accepts":[{ENTRY}]}}"#);
            format!("{text}{}", " ".repeat(bytes - text.len()))
        };
        assert!(v1(&body(limits::X402_BODY_BYTES)).is_ok());
        let found = limits::X402_BODY_BYTES + 1;
        assert_eq!(v1(&body(found)).unwrap_err(), DemandError::BodyTooLong { found });

        let of = |count: usize| {
            format!(r#"{{"x402Version":1,"accepts":[{}]}}"#, vec!["1"; count].join(","))
        };
        assert!(v1(&of(limits::X402_OFFERS)).is_ok());
        let found = limits::X402_OFFERS + 1;
        assert_eq!(v1(&of(found)).unwrap_err(), DemandError::TooManyOffers { found });
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(header: Option<Vec<u8>>, body: Vec<u8>) {
            let _ = read_demand(header.as_deref(), &body);
        }

        #[test]
        fn no_json_makes_it_panic(text in r#"(\{|\}|\[|\]|"x402Version":|"accepts":|"accepted":|"payment":|"scheme":|,|1|2|"exact"|null){0,24}"#) {
            let _ = v2(&text);
            let _ = v1(&text);
        }
    }
}
