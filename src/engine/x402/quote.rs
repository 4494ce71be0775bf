//! What a seller wants for a request, asked now.
//!
//! Nothing here may move money; a price is only good for the demand it stands in.

use super::{Reach, X402};
use crate::failure::{Failure, Retry};
use crate::money::Money;
use crate::nano::Account;
use crate::payment::HttpCall;
use crate::policy::{Pegs, Policy, Terms};
use crate::rails::x402::{
    Answer, AskError, Asked, Means, Offer, RequestError, ResourceRequest, Response, SellerClient,
    Wanted, choose,
};

/// What a seller says to a request without a payment.
#[derive(Debug)]
pub enum Quote {
    /// It wants no money, or has nothing.
    Free(Response),
    /// It wants this.
    Priced(Box<Priced>),
}

/// A demand and the one entry of it that may be paid.
#[derive(Debug)]
pub struct Priced {
    pub(super) asked: Asked,
    pub(super) offer: Offer,
}

impl Priced {
    /// How much.
    pub fn amount(&self) -> Money {
        self.offer.price()
    }

    /// How and to whom.
    pub fn terms(&self) -> Terms {
        let terms = &self.offer.terms;
        Terms {
            scheme: "exact".to_owned(),
            network: terms.network.clone(),
            asset: terms.asset.clone(),
            pay_to: terms.pay_to.clone(),
        }
    }

    /// Whether it is paid with a Nano block.
    pub fn is_nano(&self) -> bool {
        matches!(self.offer.means, Means::Nano { .. })
    }

    /// How long the seller has, in milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        self.offer.max_timeout_s.saturating_mul(1_000)
    }
}

impl X402 {
    /// A seller's address as policy sees it: its origin and path, nothing else.
    ///
    /// # Errors
    /// `INVALID_ADDRESS`.
    pub async fn address(&self, url: &str) -> Result<String, Failure> {
        let reach = self.reach.reach().await?;
        let url = reach.sellers.guest().check(url).map_err(|error| {
            let play = reach.example.map(|at| format!("; on the sandbox for instance {at}"));
            let hint = format!("Give the https:// URL of what is sold{}", play.unwrap_or_default());
            Failure::invalid("INVALID_ADDRESS", error.to_string()).hint(hint)
        })?;
        Ok(url.place().to_string())
    }

    /// Asks the seller, for at most `most`.
    ///
    /// # Errors
    /// When the request may not be made, the seller cannot be asked, or wants what is not paid.
    pub async fn quote(&self, call: &HttpCall, most: Money) -> Result<Quote, Failure> {
        let Reach { sellers, .. } = self.reach.reach().await?;
        let request = request_of(&sellers, call)?;
        let asked = match sellers.ask(&request).await.map_err(|error| unasked(&error))? {
            Answer::Free(response) => return Ok(Quote::Free(response)),
            Answer::Asked(asked) => asked,
        };
        let read = self.store.read(|view| Ok((view.policy()?, view.lanes()?)));
        let (policy, lanes) = read.map_err(|error| crate::engine::store_failure(&error))?;
        let pegs: Pegs = policy.map_or_else(Policy::live, |row| row.policy).pegs;
        let own_nano: Vec<Account> = lanes.iter().map(|lane| lane.account).collect();
        let place = sellers.guest().check(call.url.as_str()).map(|url| url.place());
        let place =
            place.map_err(|error| Failure::invalid("INVALID_ADDRESS", error.to_string()))?;
        let wanted = Wanted {
            requested: &place,
            max: most,
            pegs: &pegs,
            wallet: self.keystore.network(),
            networks: self.networks.as_deref(),
            assets: &self.assets,
            own_evm: self.keystore.evm_address(),
            own_nano: &own_nano,
            now_s: self.clock.now().0 / 1_000,
        };
        let offer = choose(&asked, &wanted).map_err(|unpayable| {
            Failure::refused(unpayable.code(), unpayable.to_string())
                .hint("Nothing was paid. Another currency or a higher amount may help, if the reason says so")
        })?;
        Ok(Quote::Priced(Box::new(Priced { asked, offer })))
    }
}

/// The request as it is made, checked.
///
/// # Errors
/// `INVALID_REQUEST`, `INVALID_ADDRESS`.
pub(super) fn request_of(
    sellers: &SellerClient,
    call: &HttpCall,
) -> Result<ResourceRequest, Failure> {
    let headers: Vec<(String, String)> =
        call.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let (method, body) = (Some(&*call.method), call.body.as_deref());
    let request = ResourceRequest::new(sellers.guest(), method, &call.url, &headers, body);
    request.map_err(|error| {
        let code = match error {
            RequestError::Url(_) => "INVALID_ADDRESS",
            _ => "INVALID_REQUEST",
        };
        Failure::invalid(code, error.to_string())
    })
}

fn unasked(error: &AskError) -> Failure {
    match error {
        AskError::Demand(demand) => Failure::refused("X402_MALFORMED", demand.to_string()),
        AskError::Guest(_) | AskError::Header => {
            Failure::unavailable("SELLER_UNREACHABLE", error.to_string()).retry(Retry::Safe)
        }
    }
    .hint("Nothing was paid")
}
