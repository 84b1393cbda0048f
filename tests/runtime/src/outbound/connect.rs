//! Connections to upstreams: resolve, connect, and shake hands where the scheme is https.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;
use wasmtime_wasi_http::Error;

tokio::task_local! {
    /// How long the request that opens a connection is willing to wait for it. The client has no
    /// parameter for it, but calls the connector within the task that sends the request.
    pub(super) static TIMEOUT: Duration;
}

/// Why there is no connection.
#[derive(Clone, Debug)]
pub(super) enum Refused {
    Unresolved,
    Timeout,
    Connect(io::ErrorKind),
    Certificate,
    Alert(AlertDescription),
    Tls,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection: {self:?}")
    }
}

impl std::error::Error for Refused {}

impl From<&Refused> for Error {
    fn from(refused: &Refused) -> Self {
        match refused {
            Refused::Unresolved => {
                Self::DnsError { rcode: Some("address not available".to_owned()), info_code: Some(0) }
            }
            Refused::Timeout | Refused::Connect(io::ErrorKind::TimedOut) => Self::ConnectionTimeout,
            Refused::Connect(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                Self::DestinationIpUnroutable
            }
            Refused::Connect(_) => Self::ConnectionRefused,
            Refused::Certificate => Self::TlsCertificateError,
            Refused::Alert(alert) => {
                Self::TlsAlertReceived { alert_id: Some(u8::from(*alert)), alert_message: Some(format!("{alert:?}")) }
            }
            Refused::Tls => Self::TlsProtocolError,
        }
    }
}

/// Opens connections for the client.
#[derive(Clone)]
pub(super) struct Connector(TlsConnector);

impl Connector {
    pub(super) fn new() -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self(TlsConnector::from(Arc::new(tls)))
    }

    async fn connect(self, uri: Uri) -> Result<Stream, Refused> {
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let resolved = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> = resolved.map_err(|_| Refused::Unresolved)?.collect();
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrNotAvailable => Refused::Unresolved,
            kind => Refused::Connect(kind),
        };
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        if !secure {
            return Ok(Stream::Plain(stream));
        }
        let name = ServerName::try_from(host).map_err(|_| Refused::Unresolved)?.to_owned();
        let stream = self.0.connect(name, stream).await.map_err(|error| of_handshake(&error))?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

fn of_handshake(error: &io::Error) -> Refused {
    match error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => Refused::Certificate,
        Some(rustls::Error::AlertReceived(alert)) => Refused::Alert(*alert),
        _ => Refused::Tls,
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Refused>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // Read here and not in the future, which may be finished by another task.
        let patience = TIMEOUT.try_with(Clone::clone).unwrap_or(super::PATIENCE);
        let connecting = self.clone().connect(uri);
        Box::pin(async move {
            let stream = tokio::time::timeout(patience, connecting).await;
            Ok(TokioIo::new(stream.map_err(|_| Refused::Timeout)??))
        })
    }
}

/// A connection.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A byte stream, whichever it is.
trait Bytestream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Bytestream for S {}

impl Stream {
    fn inner(self: Pin<&mut Self>) -> Pin<&mut dyn Bytestream> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }
}
