//! Who may pay what: the only maker of a [`Grant`].
//!
//! Pure: no clock, no store, no network. [`decide()`] sees facts that were read in the deciding transaction and nothing
//! else. It must never look at text an agent or a third party wrote, except to compare it with what the owner pinned.

mod agent_id;
mod budget;
mod cart;
mod charge;
mod decide;
mod draft;
mod explain;
mod grant;
mod host;
mod mandate;
mod mandate_caps;
mod mandate_rules;
mod request;
mod rules;
mod terms;

pub use agent_id::{AgentId, AgentIdError};
pub use budget::{Budget, BudgetError};
pub use cart::{Cart, Claims, LineItem};
pub use charge::{Charge, Usage};
pub use decide::{Claimed, Decision, Facts, Outcome, Stage, Verdict, decide};
pub use draft::{Change, DraftError, Problem};
pub use explain::{ReasonCode, Rule, Trace};
pub use grant::{Grant, GrantError};
pub use host::{HostApproval, HostLimits, HostRefusal};
pub use mandate::{
    AllowedHours, Cap, CapBody, HoursBody, HoursError, Mandate, MandateBody, MandateError,
    MoneyBody, Window, WindowBody, is_id, payee_key,
};
pub use request::{Payee, Rail, Request};
pub use rules::{AppliedLimits, CurrencyLimits, Mode, Pegs, Policy, ReceiveMode};
pub use terms::Terms;
