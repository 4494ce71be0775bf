//! Why nothing is paid for a 402.
//!
//! Every reason has a stable code. Words of the seller stand in them quoted and capped, and are never an instruction.

use crate::money::{BudgetAmount, Money};

/// Why an entry of a demand is not paid. The variants stand in the order in which they are looked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unpayable {
    /// A field is missing or of another shape.
    #[error("the seller's demand is malformed: {field}")]
    Malformed {
        /// Which field.
        field: &'static str,
    },
    /// A dialect of the protocol for anything but Nano.
    #[error("the seller does not follow x402 as written, which is accepted for Nano alone")]
    Dialect,
    /// Another scheme than `exact`.
    #[error("the seller asks for the scheme {scheme}; only exact is paid")]
    Scheme {
        /// The seller's word.
        scheme: String,
    },
    /// The seller wants money before it does its work, or held for it.
    #[error("the seller asks for the payment flow {flow}; only authorization is accepted")]
    Flow {
        /// The seller's word.
        flow: String,
    },
    /// Another way to move a token than EIP-3009.
    #[error("the seller asks for the transfer method {method}; only eip3009 is accepted")]
    TransferMethod {
        /// The seller's word.
        method: String,
    },
    /// A network that is not known here.
    #[error("the network {network} is not supported")]
    Network {
        /// The seller's word.
        network: String,
    },
    /// Real money for a wallet of play money, or the other way round.
    #[error("the network {network} does not fit this wallet: test and live money are never mixed")]
    Realm {
        /// The network.
        network: String,
    },
    /// The owner has not allowed the network.
    #[error("the network {network} is not among those the owner allows")]
    NetworkNotAllowed {
        /// The network.
        network: String,
    },
    /// A token that is not in the table.
    #[error("the token {asset} on {network} is not in the table of tokens; the owner can add it")]
    Asset {
        /// The network.
        network: String,
        /// The seller's word.
        asset: String,
    },
    /// The seller names the token otherwise than the table does.
    #[error("the seller's name or version of the token {asset} is not the token's own")]
    Domain {
        /// The contract.
        asset: String,
    },
    /// More proof of work than the network asks.
    #[error("the seller asks for more proof of work than the network does")]
    Work,
    /// Not a plain positive integer.
    #[error("the seller's amount is no positive integer of at most 38 digits")]
    Amount,
    /// No time to pay in.
    #[error("the seller leaves no time to pay")]
    NoTime,
    /// The payee is no address, nobody, ourselves, or the token.
    #[error("the seller's payTo is refused: {reason}")]
    PayTo {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// What is sold is not what was asked for.
    #[error("the seller asks money for {sold}, not for what was requested")]
    Resource {
        /// Where that is; `nothing` if the seller does not say.
        sold: String,
    },
    /// In a currency the agent did not name.
    #[error("the seller wants {price}, which is not the currency that may be spent")]
    Currency {
        /// What is asked.
        price: Money,
    },
    /// More than may be spent.
    #[error("the seller wants {price}, at most {most} may be spent")]
    TooDear {
        /// What is asked.
        price: Money,
        /// What may be spent.
        most: BudgetAmount,
    },
}

impl Unpayable {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "X402_MALFORMED",
            Self::Dialect => "X402_DIALECT_UNSUPPORTED",
            Self::Scheme { .. } => "X402_SCHEME_UNSUPPORTED",
            Self::Flow { .. } => "X402_FLOW_UNSUPPORTED",
            Self::TransferMethod { .. } => "X402_TRANSFER_METHOD_UNSUPPORTED",
            Self::Network { .. } => "X402_NETWORK_UNSUPPORTED",
            Self::Realm { .. } => "X402_NETWORK_MIXED",
            Self::NetworkNotAllowed { .. } => "X402_NETWORK_NOT_ALLOWED",
            Self::Asset { .. } => "X402_ASSET_UNKNOWN",
            Self::Domain { .. } => "X402_ASSET_MISMATCH",
            Self::Work => "X402_WORK_UNSUPPORTED",
            Self::Amount => "X402_AMOUNT_INVALID",
            Self::NoTime => "X402_NO_TIME",
            Self::PayTo { .. } => "X402_PAY_TO_REFUSED",
            Self::Resource { .. } => "X402_RESOURCE_MISMATCH",
            Self::Currency { .. } => "X402_CURRENCY_NOT_WANTED",
            Self::TooDear { .. } => "X402_PRICE_ABOVE_MAX",
        }
    }

    /// How far an entry got before it was refused: of many, the one that got furthest is worth telling.
    pub(super) fn stage(&self) -> u8 {
        match self {
            Self::Malformed { .. } => 0,
            Self::Dialect => 1,
            Self::Scheme { .. } => 2,
            Self::Network { .. } => 3,
            Self::Flow { .. } | Self::TransferMethod { .. } => 4,
            Self::Realm { .. } => 5,
            Self::NetworkNotAllowed { .. } => 6,
            Self::Asset { .. } => 7,
            Self::Domain { .. } | Self::Work => 8,
            Self::Amount | Self::NoTime => 9,
            Self::PayTo { .. } => 10,
            Self::Resource { .. } => 11,
            Self::Currency { .. } => 12,
            Self::TooDear { .. } => 13,
        }
    }
}
