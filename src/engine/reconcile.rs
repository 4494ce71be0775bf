//! Brings the books in line with the network: blocks of our accounts that the store does not know, after an alarm, in a
//! store that was restored from an old copy, or of a seed that was used before.
//!
//! First it only looks. It must never book what the owner was not shown, nor lift a freeze while an account is unclear.

use std::convert::Infallible;

use serde_json::json;

use super::approve::lapse;
use super::failures::{look_failure, node_failure, refused, store_failure, unrefused};
use super::foreign::{ForeignBlock, RESTORED, Trace};
use super::{Engine, Pace};
use crate::books::{Body, Event, Lane, RowsError, View};
use crate::digest::Digest;
use crate::failure::{Failure, Retry};
use crate::ledger::Head;
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account as Address, BlockHash};
use crate::payment::State;
use crate::policy::ReasonCode;
use crate::rails::nano as rail;
use crate::store::Refusal;
use crate::wallet::{Frontier, FrontierError};

/// What the network holds that the books do not.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Every account.
    pub accounts: Vec<Account>,
    /// Whether the wallet is frozen because its store is an old copy.
    pub restored: bool,
    /// Mandates that are taken back with it.
    pub distrusted: Vec<String>,
}

/// One account of a [`Survey`].
#[derive(Clone, Debug)]
pub struct Account {
    /// Derivation index.
    pub index: u32,
    /// Its address.
    pub account: Address,
    /// Why it signs nothing more, if so.
    pub alarm: Option<String>,
    /// How it compares.
    pub finding: Finding,
    head: BlockHash,
}

/// How an account on the books compares with the network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding {
    /// They agree.
    Same,
    /// These blocks stand on top of the last one known, oldest first.
    Foreign(Vec<ForeignBlock>),
    /// This wallet has never used it, and it has a past.
    Past {
        /// Its verified head.
        head: BlockHash,
        /// The balance there.
        balance: Raw,
        /// Blocks in its chain, as the node counts them.
        blocks: u64,
    },
    /// It cannot be told now, for this reason; look again later.
    Unclear(&'static str),
}

impl Survey {
    /// Whether the books would change, or an alarm or freeze be lifted.
    pub fn needs_action(&self) -> bool {
        let acts = |account: &Account| {
            account.alarm.is_some()
                || matches!(account.finding, Finding::Foreign(_) | Finding::Past { .. })
        };
        self.restored || self.accounts.iter().any(acts)
    }

    /// Whether every account could be compared.
    pub fn is_clear(&self) -> bool {
        !self.accounts.iter().any(|account| matches!(account.finding, Finding::Unclear(_)))
    }

    /// Names exactly what was found: whoever gives it back has been shown that.
    ///
    /// # Panics
    /// Never: hashes are text.
    pub fn acknowledgement(&self) -> String {
        let accounts = self.accounts.iter().map(|found| {
            let hashes: Vec<String> = match &found.finding {
                Finding::Foreign(blocks) => blocks.iter().map(|b| b.hash.to_string()).collect(),
                Finding::Past { head, .. } => vec!["past".to_owned(), head.to_string()],
                Finding::Same => Vec::new(),
                Finding::Unclear(reason) => vec![(*reason).to_owned()],
            };
            json!([found.account.to_string(), found.alarm, hashes])
        });
        let found = json!([self.restored, accounts.collect::<Vec<_>>(), self.distrusted]);
        let digest = Digest::of_json(&found).expect("text has a canonical form").to_string();
        digest.chars().take(ACKNOWLEDGEMENT_CHARS).collect()
    }
}

impl Engine {
    /// Compares every account with the network and changes nothing but what driving its open block changes.
    ///
    /// # Errors
    /// When the network or the store is out of reach, or what the network shows cannot be our chain.
    pub async fn survey(&self) -> Result<Survey, Failure> {
        let read = self.store().read(|view| Ok((view.lanes()?, view.freeze()?, view.mandates()?)));
        let (lanes, freeze, mandates) = read.map_err(|e| store_failure(&e))?;
        let restored = freeze.is_some_and(|freeze| freeze.reason.ends_with(RESTORED));
        let distrusted = match restored {
            true => mandates.into_iter().map(|row| row.mandate.id).collect(),
            false => Vec::new(),
        };
        let mut accounts = Vec::with_capacity(lanes.len());
        for lane in lanes {
            accounts.push(self.compare(lane, restored).await?);
        }
        Ok(Survey { accounts, restored, distrusted })
    }

    /// Books what a survey showed to whoever gives its `acknowledgement`, lifts the alarms of the accounts and, once all
    /// are clear, the freeze of a restored store, of which nothing is trusted that may have ended since: its mandates
    /// are taken back, and what waits in it is not paid. Asked again it does nothing.
    ///
    /// # Errors
    /// As [`Engine::survey`]; also when what is found now is not what was acknowledged.
    pub async fn reconcile(&self, acknowledgement: &str) -> Result<(Survey, Head), Failure> {
        let survey = self.survey().await?;
        if !survey.needs_action() {
            return Ok((survey, self.store().head()));
        }
        if survey.acknowledgement() != acknowledgement {
            let message = "this is not the acknowledgement of what is found now";
            return Err(Failure::refused("NOT_ACKNOWLEDGED", message).hint(
                "Run `paywarden reconcile` again, look at what it lists, and acknowledge that",
            ));
        }
        for found in &survey.accounts {
            self.settle_account(found).await?;
        }
        if survey.restored && survey.is_clear() {
            let commit = self.store().commit::<(), Infallible, _>(|view| {
                let freeze = view.freeze()?;
                let lifts = freeze.is_some_and(|freeze| freeze.reason.ends_with(RESTORED));
                Ok((if lifts { trust_again(view)? } else { Vec::new() }, ()))
            });
            commit.await.map_err(|e| store_failure(&unrefused(e)))?;
        }
        self.nudge();
        Ok((survey, self.store().head()))
    }

    /// Whether books and network agree on an account.
    pub(super) async fn is_in_line(&self, lane: Lane) -> Result<bool, Failure> {
        Ok(self.compare(lane, false).await?.finding == Finding::Same)
    }

    async fn compare(&self, lane: Lane, restored: bool) -> Result<Account, Failure> {
        let (finding, lane) = match self.look_at_lane(lane.clone(), restored).await? {
            // What is open may have come to its end meanwhile: it is driven, then looked at once more.
            (Finding::Unclear(OPEN), _) => {
                let driven = self.drive_lane(lane.account).await.map_err(|e| store_failure(&e))?;
                let read = self.store().read(|view| view.lane(&lane.account));
                let lane = read.map_err(|e| store_failure(&e))?.unwrap_or(lane);
                match driven {
                    Pace::Again => self.look_at_lane(lane, restored).await?,
                    Pace::After(_) => (Finding::Unclear(OPEN), lane),
                }
            }
            found => found,
        };
        let Lane { index, account, frozen: alarm, head, .. } = lane;
        Ok(Account { index, account, alarm, finding, head })
    }

    async fn look_at_lane(&self, lane: Lane, restored: bool) -> Result<(Finding, Lane), Failure> {
        let frontier = match rail::frontier(self.node(), self.network(), lane.account).await {
            Ok(frontier) => frontier,
            Err(rail::LookError::Frontier(FrontierError::Unconfirmed)) => {
                return Ok((Finding::Unclear(UNCONFIRMED), lane));
            }
            Err(error) => return Err(look_failure(&error)),
        };
        let head = frontier.hash();
        if head == lane.head {
            return Ok((Finding::Same, lane));
        }
        if lane.open.is_some() {
            return Ok((Finding::Unclear(OPEN), lane));
        }
        let known = self.store().read(|view| view.is_known_block(&head));
        if head.is_zero() || known.map_err(|e| store_failure(&e))? {
            return Ok((Finding::Unclear(BEHIND), lane));
        }
        if lane.head.is_zero() && !restored {
            return Ok((self.past(&lane, &frontier).await?, lane));
        }
        let traced = self.trace(&lane, head, limits::RECONCILE_BLOCKS).await;
        match traced.map_err(|e| node_failure(&e))? {
            Trace::Blocks(blocks) => Ok((Finding::Foreign(blocks), lane)),
            Trace::TooLong => Err(Failure::refused(
                "PAST_TOO_LONG",
                format!(
                    "account {} has more than {} blocks this wallet does not know",
                    lane.index,
                    limits::RECONCILE_BLOCKS
                ),
            )
            .hint("Move its money to a new account of another wallet")),
            Trace::NotBelow | Trace::Unproven => {
                let message = format!(
                    "what the node shows of account {} does not continue what this wallet knows",
                    lane.index
                );
                Err(Failure::unavailable("NODE_NOT_BELIEVED", message)
                    .hint("Check that the node is on the right network, or ask another one"))
            }
        }
    }

    async fn past(&self, lane: &Lane, frontier: &Frontier) -> Result<Finding, Failure> {
        let info = self.node().account_info(lane.account).await.map_err(|e| node_failure(&e))?;
        let blocks = info.map_or(0, |info| info.block_count);
        Ok(Finding::Past { head: frontier.hash(), balance: frontier.balance(), blocks })
    }

    async fn settle_account(&self, found: &Account) -> Result<(), Failure> {
        let account = found.account;
        let mut bodies: Vec<Body> = match &found.finding {
            Finding::Unclear(_) => return Ok(()),
            Finding::Same => Vec::new(),
            Finding::Foreign(blocks) => blocks.iter().map(|b| b.recorded(account)).collect(),
            Finding::Past { head, balance, blocks } => vec![Body::LaneAdopted {
                account,
                block_hash: *head,
                balance_raw: *balance,
                blocks: *blocks,
            }],
        };
        if found.alarm.is_some() {
            bodies.push(Body::LaneUnfrozen { account });
        }
        let head = found.head;
        let commit = self.store().commit::<(), Failure, _>(move |view| {
            let lane = view.lane(&account)?;
            let still = lane.is_some_and(|lane| {
                lane.head == head && (lane.open.is_none() || bodies.is_empty())
            });
            let mut events: Vec<Event> = bodies.into_iter().map(Event::from).collect();
            // An alarm that was lifted meanwhile needs no lifting.
            let frozen = view.lane(&account)?.is_some_and(|lane| lane.frozen.is_some());
            if !frozen {
                events.retain(|event| !matches!(event.body, Body::LaneUnfrozen { .. }));
            }
            if still {
                return Ok((events, ()));
            }
            let message = "the account has moved since it was looked at";
            Err(Refusal::No(
                Failure::unavailable("NOT_ACKNOWLEDGED", message)
                    .hint("Run `paywarden reconcile` again")
                    .retry(Retry::Safe),
            ))
        });
        commit.await.map(drop).map_err(refused)
    }
}

/// What lifts the freeze of an old copy. Budgets forget what was spent under the mandates since, and what waited then
/// may have been paid, so that neither may go on.
fn trust_again(view: &View<'_>) -> Result<Vec<Event>, RowsError> {
    let mut events = lapse(view, OLD_COPY, |_| true)?;
    let mut waiting = view.remote_queue()?;
    for lane in view.lanes()? {
        waiting.extend(view.queue(&lane.account)?);
    }
    for id in waiting {
        let state = view.payment(id)?.map(|payment| payment.state);
        if let Some(State::Reserved { .. }) = state {
            let (reason_code, reason) = (ReasonCode::Lapsed, OLD_COPY.to_owned());
            events.push(Event::of(id, Body::PaymentFailed { reason_code, reason }));
        }
    }
    for row in view.mandates()? {
        let (mandate_id, reason) = (row.mandate.id.clone(), Some(OLD_COPY.to_owned()));
        events.push(Body::MandateRevoked { mandate_id, reason }.into());
    }
    events.push(Body::WalletUnfrozen {}.into());
    Ok(events)
}

const OLD_COPY: &str = "the store was restored from an old copy";
const ACKNOWLEDGEMENT_CHARS: usize = 12;
const OPEN: &str = "a block of this wallet is under way";
const UNCONFIRMED: &str = "its newest block is not confirmed yet";
const BEHIND: &str = "the node is behind what this wallet knows";
