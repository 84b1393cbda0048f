//! Tails over WebSockets, as Loki serves them: a frame for what has come, a ping each second.

use crate::{
    reply::{Reply, text},
    server::{Asked, Server, Service},
};
use futures_util::SinkExt;
use http::{HeaderValue, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Message, handshake::derive_accept_key, protocol::Role},
};

const PAUSE: Duration = Duration::from_millis(100);

/// Whether a request wants to be answered over a WebSocket.
pub(crate) fn is_asked_for(asked: &Asked) -> bool {
    asked.headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// The answer that begins it.
pub(crate) fn accept(asked: &Asked) -> Reply {
    let key = asked.headers.get(header::SEC_WEBSOCKET_KEY).map_or(&b""[..], HeaderValue::as_bytes);
    let mut reply = text(StatusCode::SWITCHING_PROTOCOLS, "");
    for (name, value) in [("connection", "upgrade"), ("upgrade", "websocket")] {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let accepted = HeaderValue::try_from(derive_accept_key(key)).expect("base64 is a header value");
    reply.headers_mut().insert(header::SEC_WEBSOCKET_ACCEPT, accepted);
    reply
}

/// Sends what comes until nobody listens.
pub(crate) async fn follow<S: Service>(
    server: Arc<Server<S>>,
    asked: Asked,
    upgrade: OnUpgrade,
    abandoned: Arc<AtomicBool>,
) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    let mut sent = 0;
    while let Some((frame, total)) = server.news(&asked, sent) {
        let news = total > sent;
        let message = if news { Message::text(frame.to_string()) } else { Message::Ping(Bytes::new()) };
        if socket.send(message).await.is_err() {
            break;
        }
        sent = total;
        tokio::time::sleep(PAUSE).await;
    }
    abandoned.store(true, Relaxed);
}
