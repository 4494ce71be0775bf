//! ifenpay in the place of a node, reached when the network is first asked for.
//!
//! It must never stand in for a node the owner set: the gateway in force decides, not what answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::services::Clients;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock, Subtype};
use crate::network::gateway::Gateway;
use crate::network::{
    AccountBalance, AccountInfo, BlockInfo, HistoryPage, Node, NodeError, Place, Receivable,
};

/// The gateway, once there is a key for it.
pub(super) struct GatewayNode {
    clients: Arc<Clients>,
    gateway: OnceCell<Gateway>,
}

impl GatewayNode {
    /// Asks nobody yet.
    pub(super) fn new(clients: Arc<Clients>) -> Self {
        Self { clients, gateway: OnceCell::new() }
    }

    async fn gateway(&self) -> Result<&Gateway, NodeError> {
        let open = async || self.clients.upstream().await.map(Gateway::new);
        let opened = self.gateway.get_or_try_init(open).await;
        opened.map_err(|failure| NodeError::Unreachable { detail: failure.message })
    }
}

#[async_trait]
impl Node for GatewayNode {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        self.gateway().await?.account_info(account).await
    }

    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        self.gateway().await?.receivable(account, minimum, count).await
    }

    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        self.gateway().await?.accounts_balances(accounts).await
    }

    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        self.gateway().await?.account_history(account, head, count).await
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        self.gateway().await?.block_info(hash).await
    }

    async fn place_after(
        &self,
        account: Account,
        previous: BlockHash,
    ) -> Result<Option<Place>, NodeError> {
        self.gateway().await?.place_after(account, previous).await
    }

    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        self.gateway().await?.process(block, subtype).await
    }
}

impl fmt::Debug for GatewayNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayNode").finish_non_exhaustive()
    }
}
