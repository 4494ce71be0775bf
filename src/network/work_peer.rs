//! Proof of work from a node or a work server over HTTP.
//!
//! Whatever comes back is checked against its root here; nothing else of the answer is believed. Difficulties are hex
//! to work servers and the C++ node and decimal to RsNano (protocol notes §7), so none is sent at first: a node then
//! works for a send, which is enough for any block. Only where that is not enough is it asked for, in hex.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::rpc::Rpc;
use super::{NodeError, WorkSource};
use crate::fetch::{Bounds, Client, Endpoint};
use crate::limits;
use crate::nano::{Difficulty, Root, Work};

/// A maker of work at one URL.
#[derive(Clone, Debug)]
pub struct WorkPeer {
    rpc: Rpc,
}

impl WorkPeer {
    /// The maker at `endpoint`.
    pub fn new(endpoint: Endpoint, client: Client) -> Self {
        let bounds =
            Bounds { timeout: limits::WORK_PEER_TIMEOUT, body_bytes: limits::WORK_PEER_BODY_BYTES };
        Self { rpc: Rpc::with_bounds(client, endpoint, bounds) }
    }

    async fn ask(&self, root: Root, difficulty: Option<Difficulty>) -> Result<Work, NodeError> {
        let asked = Ask { action: "work_generate", hash: root, difficulty };
        let answer: Answer = self.rpc.call(&asked).await?;
        Ok(answer.work)
    }
}

#[async_trait]
impl WorkSource for WorkPeer {
    fn name(&self) -> String {
        self.rpc.origin()
    }

    async fn generate(&self, root: Root, difficulty: Difficulty) -> Result<Work, NodeError> {
        for asked in [None, Some(difficulty)] {
            let work = self.ask(root, asked).await?;
            if difficulty.is_met_by(work, &root) {
                return Ok(work);
            }
        }
        let detail = format!("the work made for {root} is worth less than {difficulty}");
        Err(NodeError::Garbled { detail })
    }
}

#[derive(Serialize)]
struct Ask {
    action: &'static str,
    hash: Root,
    #[serde(skip_serializing_if = "Option::is_none")]
    difficulty: Option<Difficulty>,
}

/// The difficulty it claims is not read: the work itself shows it.
#[derive(Deserialize)]
struct Answer {
    work: Work,
}
