//! Inner errors turned into the one that crosses the boundary.

use crate::books::RowsError;
use crate::failure::{Failure, Retry};
use crate::nano::Account;
use crate::network::NodeError;
use crate::rails::nano::LookError;
use crate::store::{CommitError, Refusal, StoreError};

/// What a caller is told when the store fails.
pub fn store_failure(error: &StoreError) -> Failure {
    let message = error.to_string();
    match error {
        StoreError::Failed { .. } => Failure::internal("STORE_FAILED", message)
            .hint("Whether this call was recorded shows after a restart: repeat it with the same idempotency key, or look at get_payment_status")
            .retry(Retry::SameKey)
            .sent_unknown(),
        StoreError::Misfit { .. } => Failure::internal("STORE_MISFIT", message)
            .hint("This is a bug in paywarden; nothing was written"),
        StoreError::Corrupt { .. } => Failure::internal("STORE_CORRUPT", message)
            .hint("The file was left as it is. Restore wallet.redb from a backup, then run `paywarden doctor`"),
        StoreError::Newer { .. } => Failure::internal("STORE_NEWER", message)
            .hint("Install the newer paywarden; the file was left as it is"),
        StoreError::Replaced => Failure::internal("STORE_REPLACED", message)
            .hint("Nothing more is written. Put the file back and restart, or restart with the new one: then the ledger is checked against its anchors"),
        StoreError::Busy => Failure::unavailable("WALLET_BUSY", message)
            .hint("Close the other paywarden on this wallet, or use that one"),
        StoreError::Unavailable { .. } => Failure::internal("STORE_UNAVAILABLE", message)
            .hint("Check the directory's permissions and free space; `paywarden doctor` names it"),
    }
}

/// What a caller is told when the network cannot be asked.
pub fn node_failure(error: &NodeError) -> Failure {
    Failure::unavailable("REQUEST_ERROR", error.to_string())
        .hint("The Nano node is out of reach or answers badly; `paywarden doctor` shows which one is configured")
}

pub(super) fn look_failure(error: &LookError) -> Failure {
    match error {
        LookError::Node(error) => node_failure(error),
        LookError::Frontier(error) => Failure::unavailable("NODE_NOT_BELIEVED", error.to_string())
            .hint("The wallet builds only on a confirmed head whose signature it has checked"),
    }
}

/// An address the wallet has no keys for.
pub(super) fn unknown_account(account: Account) -> Failure {
    Failure::invalid("UNKNOWN_ACCOUNT", format!("the wallet has no account {account}")).hint(
        "`paywarden wallet accounts` lists its accounts; without `account` it takes the first",
    )
}

/// A commit that no closure refused.
pub(super) fn unrefused(error: CommitError<std::convert::Infallible>) -> StoreError {
    match error {
        CommitError::Refused(never) => match never {},
        CommitError::Store(error) => error,
    }
}

/// What a look at the books came to where a transaction would be refused: the refusal, apart from books that cannot be
/// read.
pub(super) fn refusal_apart<T>(
    looked: Result<T, Refusal<Failure>>,
) -> Result<Result<T, Failure>, RowsError> {
    match looked {
        Ok(found) => Ok(Ok(found)),
        Err(Refusal::No(failure)) => Ok(Err(failure)),
        Err(Refusal::Rows(error)) => Err(error),
    }
}

/// A commit whose closure may refuse with a failure of its own.
pub(super) fn refused(error: CommitError<Failure>) -> Failure {
    match error {
        CommitError::Refused(failure) => failure,
        CommitError::Store(error) => store_failure(&error),
    }
}
