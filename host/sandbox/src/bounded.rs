//! A connection to a relay of which so many bytes are read and no more: the SMTP client looks at the length of a line only after its
//! end, and a relay that sends none would fill the memory.

#![expect(deprecated, reason = "what wraps a connection in TLS before the first word has no other name in lettre")]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::io::{AsyncRead as _, AsyncWrite as _};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::{AsyncNetworkStream, AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection, plain or wrapped in TLS.
#[derive(Debug)]
pub struct Bounded {
    stream: AsyncNetworkStream,
    left: usize,
}

impl Bounded {
    /// Connects, in TLS where there is such; more than `most` bytes of the other side are an error.
    pub async fn connect(
        address: SocketAddr,
        time: Duration,
        tls: Option<TlsParameters>,
        most: usize,
    ) -> Result<Self, Error> {
        let mut stream = AsyncNetworkStream::connect_tokio1(address, Some(time), None, None).await?;
        if let Some(tls) = tls {
            stream.upgrade_tls(tls).await?;
        }
        Ok(Self { stream, left: most })
    }
}

impl AsyncTokioStream for Bounded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = into.remaining().min(self.left);
        if room == 0 && into.remaining() > 0 {
            return Poll::Ready(Err(io::Error::other("the relay's answers are too long")));
        }
        let buffer = into.initialize_unfilled_to(room);
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        into.advance(read);
        self.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}
