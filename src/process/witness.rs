//! `anchor_command`: the ledger's newest head, handed to a program of the owner's, so that it is kept where nobody on
//! this machine can rewrite it.
//!
//! The program gets one line on its standard input, `seq:hash at` as in `anchor.log`, and nothing else of the wallet:
//! no argument, no setting, no secret in its environment. A payment must never wait for it, nor fail with it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::ledger::{Anchor, Head};
use crate::limits;

/// Hands over heads until it is dropped.
#[derive(Debug)]
pub(super) struct Witness(JoinHandle<()>);

/// Why the program did not take a head.
#[derive(Debug, thiserror::Error)]
enum WitnessError {
    #[error("it cannot be run: {0}")]
    Run(#[from] io::Error),
    #[error("it ended with {0}")]
    Refused(ExitStatus),
    #[error("it took longer than {} s", limits::ANCHOR_COMMAND_TIMEOUT.as_secs())]
    TimedOut,
}

impl Witness {
    /// Hands over the head there is now, and each newer one, but no more often than [`limits::ANCHOR_COMMAND_EVERY`].
    pub(super) fn start(
        program: PathBuf,
        mut heads: watch::Receiver<Head>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(tokio::spawn(async move {
            let mut taken = None;
            loop {
                let head = *heads.borrow_and_update();
                if taken != Some(head) {
                    match hand_over(&program, head, clock.as_ref()).await {
                        Ok(()) => taken = Some(head),
                        Err(error) => {
                            tracing::warn!(%error, seq = head.seq, "anchor_command took no head");
                        }
                    }
                }
                clock.sleep(limits::ANCHOR_COMMAND_EVERY).await;
                if taken == Some(*heads.borrow()) && heads.changed().await.is_err() {
                    return;
                }
            }
        }))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn hand_over(program: &Path, head: Head, clock: &dyn Clock) -> Result<(), WitnessError> {
    let line = format!("{}\n", Anchor { head, at: clock.now().to_string() });
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.kill_on_drop(true).spawn()?;
    let handed = async {
        // A program that ends without reading closes the pipe; how it ended is its answer.
        if let Some(mut input) = child.stdin.take() {
            let _ = input.write_all(line.as_bytes()).await;
        }
        child.wait().await
    };
    tokio::select! {
        ended = handed => match ended? {
            status if status.success() => Ok(()),
            status => Err(WitnessError::Refused(status)),
        },
        () = clock.sleep(limits::ANCHOR_COMMAND_TIMEOUT) => Err(WitnessError::TimedOut),
    }
}
