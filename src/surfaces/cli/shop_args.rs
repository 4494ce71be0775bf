//! What can be said about merchants and about the card, at the command line.
//!
//! A token or a payment method's id is asked for at the terminal: this module must never take one as an argument.

use clap::{Args, Subcommand};

/// Merchants you know.
#[derive(Debug, Subcommand)]
pub enum Merchants {
    /// All of them
    List,
    /// Say what one is called and sells, and where its checkouts are
    #[command(visible_alias = "add")]
    Set(MerchantSet),
    /// Forget one, with its token
    Remove {
        /// The merchant's id
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// What is said of a merchant.
#[derive(Args, Debug)]
pub struct MerchantSet {
    /// The merchant's id, as its carts name it
    #[arg(value_name = "ID")]
    pub id: String,
    /// What it sells; mandates allow and block by it
    #[arg(long, value_name = "CATEGORY")]
    pub category: Option<String>,
    /// What it is called
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// Where its checkouts are
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Its profile at Stripe: who is paid
    #[arg(long, value_name = "PROFILE", requires = "endpoint")]
    pub profile: Option<String>,
    /// The version of the checkout protocol it speaks [default: found out]
    #[arg(long, value_name = "DATE", requires = "endpoint")]
    pub api_version: Option<String>,
    /// Ask for the token it gave you
    #[arg(long, requires = "endpoint")]
    pub token: bool,
}

/// The card checkouts are paid with.
#[derive(Debug, Subcommand)]
pub enum Funding {
    /// Register a card at Stripe; its id is asked for at the terminal
    Set {
        /// Its brand, such as visa
        #[arg(long, value_name = "TEXT")]
        brand: Option<String>,
        /// Its last four digits
        #[arg(long, value_name = "DIGITS")]
        last4: Option<String>,
        /// What you call it
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
    },
    /// Which card it is
    Show,
    /// Forget it
    Clear,
}
