//! The HTTP server: accepts connections until it is told to stop, then drains.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::service::Service;
use crate::{headers, log};

/// Bytes of a request's head that are read at most; somewhat more than [`headers::LONGEST`].
const HEAD: usize = 2 * headers::LONGEST;
/// Open connections; more wait to be accepted.
const CONNECTIONS: u32 = 8192;
/// How long to wait when the system has no room for another connection.
const BREATH: Duration = Duration::from_millis(50);

/// Serves connections.
pub(crate) struct Server {
    pub(crate) service: Arc<Service>,
    pub(crate) header_timeout: Duration,
    pub(crate) drain_timeout: Duration,
}

impl Server {
    /// Serves until `stop` is ready; returns when the last answer was sent or the time is up.
    pub(crate) async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(());
        let places = Arc::new(Semaphore::new(usize::try_from(CONNECTIONS).unwrap_or(usize::MAX)));
        let accepting = async {
            loop {
                let place = Arc::clone(&places).acquire_owned().await;
                match (place, listener.accept().await) {
                    (Ok(place), Ok((stream, client))) => {
                        self.connected(stream, client, place, stopped.clone());
                    }
                    (_, Err(error)) => self.refused(&error).await,
                    (Err(_), _) => return,
                }
            }
        };
        tokio::select! {
            () = accepting => (),
            () = stop => (),
        }
        drop(listener);
        drop(stopping);
        if timeout(self.drain_timeout, places.acquire_many(CONNECTIONS)).await.is_err() {
            log::line("the time to drain is up: requests in flight are cut off");
        }
    }

    fn connected(
        &self,
        stream: TcpStream,
        client: SocketAddr,
        place: OwnedSemaphorePermit,
        mut stopped: watch::Receiver<()>,
    ) {
        // Without it, an answer in several parts waits for the client's delayed acknowledgement.
        drop(stream.set_nodelay(true));
        let service = Arc::clone(&self.service);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_buf_size(HEAD)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| Arc::clone(&service).answer(request, client)),
            )
            .with_upgrades();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            // A client that breaks off, or an answer that does: its entry in the log is enough.
            tokio::select! {
                _ = connection.as_mut() => (),
                _ = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    drop(connection.await);
                }
            }
            drop(place);
        });
    }

    async fn refused(&self, error: &io::Error) {
        log::line(format_args!("cannot accept a connection: {error}"));
        sleep(BREATH).await;
    }
}
