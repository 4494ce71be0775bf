//! What a seller asked for, beside the place it was asked at: judged, shown to the owner and pinned as a whole.
//!
//! Only the engine may make them, out of what the seller itself answered; nothing an agent wrote may end up here.

use serde::{Deserialize, Serialize};

use super::Request;

/// How and to whom the money itself goes, where the payee is a place that names another.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// The payment scheme: `exact`, `charge`.
    pub scheme: String,
    /// The network: a CAIP-2 name, `nano:...`, or the issuer of a payment token.
    pub network: String,
    /// The token's contract, `XNO`, or the currency.
    pub asset: String,
    /// Who gets it there.
    pub pay_to: String,
}

impl Request {
    /// Where the money goes: what a grant is good for.
    pub fn recipient(&self) -> &str {
        self.terms.as_ref().map_or(&self.payee.address, |terms| &terms.pay_to)
    }

    /// Scheme, host and port of the seller, where terms were asked for at a URL.
    pub fn origin(&self) -> Option<&str> {
        self.terms.as_ref()?;
        let address = &self.payee.address;
        let host_at = address.find("://")? + 3;
        let end = address[host_at..].find('/').map_or(address.len(), |slash| host_at + slash);
        Some(&address[..end])
    }

    /// The seller's host, in lower case and without a port, where terms were asked for at a URL.
    pub fn seller_host(&self) -> Option<&str> {
        let origin = self.origin()?;
        let authority = &origin[origin.find("://")? + 3..];
        let host = match authority.strip_prefix('[') {
            Some(_) => &authority[..=authority.find(']')?],
            None => authority.split(':').next()?,
        };
        Some(host)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::PaymentId;
    use crate::money::{Money, Raw};
    use crate::policy::{Claims, Payee, Rail};

    fn at(address: &str, with_terms: bool) -> Request {
        let terms = Terms {
            scheme: "exact".into(),
            network: "eip155:84532".into(),
            asset: "0xa".into(),
            pay_to: "0xb".into(),
        };
        Request {
            payment_id: PaymentId(Uuid::from_u128(7)),
            agent_id: None,
            rail: Rail::X402,
            amount: Money::xno(Raw::new(1)),
            payee: Payee { address: address.into(), label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: with_terms.then_some(terms),
        }
    }

    #[test]
    fn the_seller_is_read_off_its_url() {
        for (address, origin, host) in [
            ("https://api.example.com/x/y", "https://api.example.com", "api.example.com"),
            ("http://127.0.0.1:47160/v2", "http://127.0.0.1:47160", "127.0.0.1"),
            ("https://a.example", "https://a.example", "a.example"),
            ("https://a/x", "https://a", "a"),
            ("http://[::1]:80/x", "http://[::1]:80", "[::1]"),
        ] {
            let request = at(address, true);
            assert_eq!((request.origin(), request.seller_host()), (Some(origin), Some(host)));
            assert_eq!(request.recipient(), "0xb");
            assert_eq!(at(address, false).origin(), None);
            assert_eq!(at(address, false).recipient(), address);
        }
        let direct = at("nano_x", true);
        assert_eq!((direct.origin(), direct.seller_host()), (None, None));
    }
}
