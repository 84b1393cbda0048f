//! A WebSocket client as Grafana's and logcli's are: it follows a tail.

use http::{HeaderName, HeaderValue};
use serde_json::Value;
use std::{net::TcpStream, time::Duration};
use tungstenite::{Error, HandshakeError, Message, WebSocket, client::IntoClientRequest};

/// An open tail.
#[derive(Debug)]
pub(crate) struct Tail {
    socket: WebSocket<TcpStream>,
}

/// Opens a WebSocket at an `http://` URL; the status, if it is refused.
pub(crate) fn open(url: &str, headers: &[(&'static str, &str)]) -> Result<Tail, u16> {
    let address = url.trim_start_matches("http://").split('/').next().unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut request = url.replacen("http", "ws", 1).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(Tail { socket }),
        Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
        Err(error) => panic!("{url}: {error}"),
    }
}

impl Tail {
    /// The lines of the next frame; pings are answered meanwhile.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                return lines(&serde_json::from_str(&text).unwrap());
            }
        }
    }
}

/// The lines of a frame.
pub(crate) fn lines(frame: &Value) -> Vec<String> {
    let streams = frame["streams"].as_array().unwrap_or_else(|| panic!("no frame: {frame}"));
    let values = streams.iter().flat_map(|stream| stream["values"].as_array().unwrap());
    values.map(|value| value[1].as_str().unwrap().to_owned()).collect()
}
