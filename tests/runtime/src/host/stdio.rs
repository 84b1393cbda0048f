//! A component's stdout and stderr: lines on our stderr, marked with the component's id.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::log;

/// A line that grows longer than this is cut into several.
const LONGEST: usize = 8 * 1024;

/// The stdout and stderr of one instance.
#[derive(Clone)]
pub(super) struct Lines(Arc<Mutex<Pending>>);

struct Pending {
    id: String,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn new(id: String) -> Self {
        Self(Arc::new(Mutex::new(Pending { id, line: Vec::new() })))
    }

    fn append(&self, bytes: &[u8]) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.append(bytes).into_iter().for_each(log::line);
    }
}

impl Pending {
    /// The lines that `bytes` complete.
    fn append(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(LONGEST) {
                self.line.extend_from_slice(part);
                if self.line.ends_with(b"\n") || self.line.len() >= LONGEST {
                    lines.push(self.take());
                }
            }
        }
        lines
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        format!("[{}] {}", self.id, text.trim_end_matches(['\r', '\n']))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            log::line(self.take());
        }
    }
}

impl IsTerminal for Lines {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Lines {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    // Written at once: what a component says just before it traps must not be lost.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST)
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.append(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending { id: "push".to_owned(), line: Vec::new() }
    }

    #[test]
    fn a_line_is_written_when_it_is_complete() {
        let mut pending = pending();
        assert_eq!(pending.append(b"half"), [""; 0]);
        assert_eq!(pending.append(b" line\r\nwhole\nrest"), ["[push] half line", "[push] whole"]);
        assert_eq!(pending.take(), "[push] rest");
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let mut pending = pending();
        let lines = pending.append(&vec![b'x'; 2 * LONGEST + 1]);
        assert_eq!(lines.len(), 2);
        assert_eq!(pending.take(), "[push] x");
    }
}
