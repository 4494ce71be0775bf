//! The HTTP payment challenge: 402 with `WWW-Authenticate: Payment`, answered by `Authorization: Payment`
//! (draft-ryan-httpauth-payment, method `stripe`, intent `charge`; reference/rails.md, 4).
//!
//! Everything in a challenge is the seller's claim: its id is a proof to the seller itself and to nobody else. This
//! module must never take the profile it names for the seller's without the owner's table.

mod challenge;
mod client;
mod credential;
mod receipt;
mod schemes;

pub use challenge::{Challenge, ChallengeError, Charge, CredentialHeader};
pub use client::{Answer, AskError, ask, present};
pub use credential::credential;
pub use receipt::Receipt;
