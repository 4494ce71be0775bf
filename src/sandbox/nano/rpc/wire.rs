//! A TCP connection that can be cut from inside: what a lost answer and a stopped service look like to a client.
//!
//! Must never delay or change bytes; it only ends.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Serves `routes` on `listener` until `stop`, each of them knowing how to cut its connection.
pub(in crate::sandbox) async fn serve(
    routes: Router,
    listener: TcpListener,
    stop: CancellationToken,
) {
    let routes = routes.into_make_service_with_connect_info::<Cut>();
    let wires = Wires { listener, stop: stop.clone() };
    tokio::select! {
        // It accepts for ever.
        _ = axum::serve(wires, routes) => {}
        () = stop.cancelled() => {}
    }
}

/// Accepts connections that end when `stop` is cancelled.
struct Wires {
    listener: TcpListener,
    stop: CancellationToken,
}

/// One connection.
struct Wire {
    stream: TcpStream,
    cut: Cut,
    is_cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// Ends a connection without another byte.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Cut(CancellationToken);

impl Cut {
    pub(in crate::sandbox) fn cut(&self) {
        self.0.cancel();
    }
}

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Answers are small, and a simulator that is slower than the network would mislead.
        let _ = stream.set_nodelay(true);
        let token = self.stop.child_token();
        let is_cut = Box::pin(token.clone().cancelled_owned());
        (Wire { stream, cut: Cut(token), is_cut }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Wires>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().cut.clone()
    }
}

impl Wire {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.is_cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
