//! The port to proof of work made elsewhere: a node, a work server, a machine with a better processor.
//!
//! What comes back is unproven; callers check it against its root before use.

use std::fmt;

use async_trait::async_trait;

use super::NodeError;
use crate::nano::{Difficulty, Root, Work};

/// Makes proof of work.
#[async_trait]
pub trait WorkSource: Send + Sync + fmt::Debug {
    /// Its name for logs and errors: never a URL with credentials.
    fn name(&self) -> String;

    /// Work for `root` worth at least `difficulty`.
    ///
    /// # Errors
    /// As [`NodeError`].
    async fn generate(&self, root: Root, difficulty: Difficulty) -> Result<Work, NodeError>;
}
