//! Progress of a call, from an operation that must not wait to a client that may be slow.
//!
//! This module must never hold an operation up: what does not fit the queue is dropped, and the next report says more
//! than the lost one.

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RoleServer};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::limits::MCP_PROGRESS_WAITING;
use crate::operations::{Progress, ProgressSink};

/// Reports of one call on their way to the client that gave `token`.
#[derive(Debug)]
pub struct Reports {
    queue: mpsc::Receiver<Progress>,
    token: ProgressToken,
    peer: Peer<RoleServer>,
}

/// A sink for the operation, and what it reports.
pub fn channel(token: ProgressToken, peer: Peer<RoleServer>) -> (ProgressSink, Reports) {
    let (sender, queue) = mpsc::channel(MCP_PROGRESS_WAITING);
    let sink = ProgressSink::new(move |progress| {
        // Full: the client is slow. Closed: the call is over. Neither is the operation's concern.
        let _ = sender.try_send(progress);
    });
    (sink, Reports { queue, token, peer })
}

impl Reports {
    /// Sends reports until `finished`, and then those that were made before.
    pub async fn send_until(mut self, finished: &CancellationToken) {
        let mut last = None;
        loop {
            let progress = tokio::select! {
                progress = self.queue.recv() => progress,
                () = finished.cancelled(), if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
            };
            let Some(progress) = progress else { return };
            if last.is_some_and(|last| progress.done <= last) {
                continue;
            }
            last = Some(progress.done);
            let _ = self.peer.notify_progress(notification(&self.token, progress)).await;
        }
    }
}

fn notification(token: &ProgressToken, progress: Progress) -> ProgressNotificationParam {
    let done = ProgressNotificationParam::new(token.clone(), progress.done as f64);
    let done = done.with_message(progress.message);
    match progress.total {
        Some(total) => done.with_total(total as f64),
        None => done,
    }
}
