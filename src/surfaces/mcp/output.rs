//! The one way to the client: whole lines, each flushed.
//!
//! Answers of rmcp and of the decoder meet here. A write that is given up half-way leaves its rest behind for the next
//! one, so this module must never let two lines run into each other.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

/// A writer of lines, shared by everything that answers.
#[derive(Debug)]
pub struct Output<W> {
    pending: Mutex<Pending<W>>,
    broken: CancellationToken,
}

/// Bytes on their way.
#[derive(Debug)]
pub struct Pending<W> {
    writer: W,
    bytes: Vec<u8>,
    written: usize,
    broken: CancellationToken,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    /// Writes to `writer`.
    pub fn new(writer: W) -> Self {
        let broken = CancellationToken::new();
        let pending = Pending { writer, bytes: Vec::new(), written: 0, broken: broken.clone() };
        Self { pending: Mutex::new(pending), broken }
    }

    /// Resolves once the client cannot be reached any more.
    pub async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Waits for its turn.
    pub async fn lock(&self) -> MutexGuard<'_, Pending<W>> {
        self.pending.lock().await
    }

    /// Writes and flushes one line.
    ///
    /// # Errors
    /// The writer's own; the client is then out of reach for good.
    pub async fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut pending = self.lock().await;
        pending.push(line);
        pending.flush().await
    }

    /// Writes what is left and closes the writer, unless somebody is stuck in a write.
    ///
    /// # Errors
    /// The writer's own.
    pub async fn close(&self) -> io::Result<()> {
        let Ok(mut pending) = self.pending.try_lock() else {
            return Ok(());
        };
        pending.flush().await?;
        pending.writer.shutdown().await
    }
}

impl<W: AsyncWrite + Unpin> Pending<W> {
    /// Puts a line behind what is still to be written.
    pub fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
    }

    /// Writes and flushes everything; safe to give up and to call again.
    ///
    /// # Errors
    /// The writer's own; the client is then out of reach for good.
    pub async fn flush(&mut self) -> io::Result<()> {
        let result = self.try_flush().await;
        if result.is_err() {
            self.bytes.clear();
            self.written = 0;
            self.broken.cancel();
        }
        result
    }

    async fn try_flush(&mut self) -> io::Result<()> {
        if self.broken.is_cancelled() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        while self.written < self.bytes.len() {
            match self.writer.write(&self.bytes[self.written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => self.written += count,
            }
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.written = 0;
        self.writer.flush().await
    }
}

/// A buffer that once held a long answer is not kept at that size.
const KEPT_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Waker};
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_write_given_up_half_way_is_finished_by_the_next() {
        let (writer, mut reader) = tokio::io::duplex(3);
        let output = Output::new(writer);
        {
            let mut stuck = Box::pin(output.write(b"first line\n"));
            let mut context = Context::from_waker(Waker::noop());
            assert!(stuck.as_mut().poll(&mut context).is_pending());
        }
        let read = tokio::spawn(async move {
            let mut text = String::new();
            reader.read_to_string(&mut text).await.unwrap();
            text
        });
        output.write(b"second line\n").await.unwrap();
        output.close().await.unwrap();
        drop(output);
        assert_eq!(read.await.unwrap(), "first line\nsecond line\n");
    }

    #[tokio::test]
    async fn a_client_that_is_gone_is_noticed() {
        let (writer, reader) = tokio::io::duplex(3);
        let output = Output::new(writer);
        drop(reader);
        assert!(output.write(b"anyone?\n").await.is_err());
        output.broken().await;
        assert!(output.write(b"no\n").await.is_err());
    }

    #[tokio::test]
    async fn closing_does_not_wait_for_somebody_stuck() {
        let (writer, _reader) = tokio::io::duplex(3);
        let output = Output::new(writer);
        let _stuck = output.lock().await;
        output.close().await.unwrap();
    }
}
