//! Redis as a store: its counters are decimal digits, as they are where Spin keeps its store in one.

use crate::e2e::{Process, free_port, fresh_folder};
use cockpit_core::ports::{Kv, StoreError};
use std::{
    cell::RefCell,
    io::{self, BufRead, BufReader, Error, Read, Write},
    net::TcpStream,
    process::Command,
};

/// A running Redis, which keeps nothing.
pub(crate) struct Redis {
    port: u16,
    _process: Process,
}

impl Redis {
    /// Starts one in a folder of this name.
    pub(crate) fn start(name: &str) -> Self {
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--dir"]);
        let mut process =
            Process::start(command.arg(fresh_folder(name)), "redis-server (apt-get install redis-server)");
        process.lines_until(|line| line.contains("eady to accept connections"));
        Self { port, _process: process }
    }

    /// A connection of one's own.
    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection(RefCell::new(BufReader::new(stream)))
    }
}

/// A connection to it, for one thread.
pub(crate) struct Connection(RefCell<BufReader<TcpStream>>);

/// What it answers to the few commands that a store needs.
enum Reply {
    Number(i64),
    Value(Option<Vec<u8>>),
}

impl Connection {
    fn call(&self, command: &[&[u8]]) -> Result<Reply, StoreError> {
        self.ask(command).map_err(|error| StoreError(error.to_string()))
    }

    fn ask(&self, command: &[&[u8]]) -> io::Result<Reply> {
        let mut stream = self.0.borrow_mut();
        let mut request = format!("*{}\r\n", command.len()).into_bytes();
        for part in command {
            request.extend(format!("${}\r\n", part.len()).bytes().chain(part.iter().copied()).chain(*b"\r\n"));
        }
        stream.get_mut().write_all(&request)?;
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
        let number = || rest.parse::<i64>().map_err(Error::other);
        match kind {
            "+" => Ok(Reply::Value(None)),
            ":" => number().map(Reply::Number),
            "$" => match usize::try_from(number()?) {
                Err(_) => Ok(Reply::Value(None)),
                Ok(length) => {
                    let mut value = vec![0; length + 2];
                    stream.read_exact(&mut value)?;
                    value.truncate(length);
                    Ok(Reply::Value(Some(value)))
                }
            },
            _ => Err(Error::other(line)),
        }
    }
}

impl Kv for Connection {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.call(&[b"GET", key.as_bytes()])? {
            Reply::Value(value) => Ok(value),
            Reply::Number(number) => Err(StoreError(format!("{key} is {number}"))),
        }
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.call(&[b"SET", key.as_bytes(), value]).map(drop)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.call(&[b"DEL", key.as_bytes()]).map(drop)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        match self.call(&[b"INCRBY", key.as_bytes(), delta.to_string().as_bytes()])? {
            Reply::Number(number) => Ok(number),
            Reply::Value(_) => Err(StoreError(format!("{key} is no counter"))),
        }
    }
}
