//! The program as its users meet it, without any component: components are the end-to-end suite's.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cockpit-runtime");
const EMPTY: &str = "spin_manifest_version = 2\n[application]\nname = \"cockpit\"\n\
                     version = \"1.2.3\"\n[trigger]\nhttp = []\n";

/// A running program; killed with the test.
struct Server {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(folder: &TempDir, manifest: &str, listen: &str) -> Command {
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder.path()).args(["--listen", listen, "--max-concurrent-requests", "4"]);
    command
}

fn start() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(&folder, EMPTY, "127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("ready http://").unwrap().trim_end().parse().unwrap();
    Server { child, address, _folder: folder }
}

impl Server {
    /// Sends `request` on a connection of its own and returns all that comes back.
    fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"))
    }

    fn signal(&mut self, name: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

fn fail(manifest: &str, listen: &str, flags: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command(&folder, manifest, listen).args(flags).output().unwrap()
}

fn check_fault(output: &Output, want: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(output.stdout.is_empty() && text.contains(want), "{text}");
}

#[test]
fn the_well_known_paths_answer() {
    let server = start();
    let health = server.get("/.well-known/spin/health");
    assert!(health.starts_with("HTTP/1.1 200 OK") && health.ends_with("\r\n\r\nOK"), "{health}");
    let info = server.get("/.well-known/spin/info");
    assert!(info.contains("application/json") && info.contains("\"version\": \"1.2.3\""), "{info}");
}

#[test]
fn what_matches_no_route_is_not_found_and_says_nothing() {
    let server = start();
    for path in ["/", "/push", "/.well-known/spin/other"] {
        let answer = server.get(path);
        assert!(answer.starts_with("HTTP/1.1 404 Not Found"), "{path}: {answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{path}: {answer}");
    }
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let server = start();
    for length in [65_536, 1 << 20] {
        let head = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n", "a".repeat(length));
        let answer = server.send(&format!("{head}connection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 431 "), "{length}: {answer}");
    }
}

#[test]
fn it_ends_in_good_order_when_told_to() {
    for signal in ["TERM", "INT"] {
        let mut server = start();
        server.get("/.well-known/spin/health");
        // An idle connection must not hold it up.
        let idle = TcpStream::connect(server.address).unwrap();
        assert!(server.signal(signal).success(), "{signal}");
        drop(idle);
    }
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check_fault(&fail(EMPTY, &address, &[]), &address);
}

#[test]
fn a_component_that_was_not_built_is_named() {
    let manifest = "spin_manifest_version = 2\n[application]\nname = \"cockpit\"\n\
                    [[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n\
                    [component.a]\nsource = \"missing.wasm\"\n";
    check_fault(&fail(manifest, "127.0.0.1:0", &[]), "missing.wasm");
}

#[test]
fn a_missing_manifest_is_named() {
    check_fault(&fail(EMPTY, "127.0.0.1:0", &["--manifest", "other.toml"]), "other.toml");
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    let output = fail(EMPTY, "127.0.0.1:0", &["--surprise"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage:"));
}
