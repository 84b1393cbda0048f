//! Programs that tests start, and that never outlive them.

use crate::tree;
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::Duration,
};

/// A running program; killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a program; `what` names it should it be missing, with how to get it.
    pub(crate) fn start(command: &mut Command, what: &str) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).process_group(0).spawn().unwrap_or_else(|error| panic!("{what}: {error}"));
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line it prints; panics if it ends first.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let length = self.lines.read_line(&mut line).unwrap();
        assert!(length > 0, "the program ended: {:?}", self.child.wait());
        line.trim_end().to_owned()
    }

    /// Lines up to one that satisfies `last`, which is included.
    pub(crate) fn lines_until(&mut self, last: impl Fn(&str) -> bool) -> Vec<String> {
        let mut lines = vec![self.line()];
        while !last(&lines[lines.len() - 1]) {
            lines.push(self.line());
        }
        lines
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it and what it started, without a chance to finish anything: SIGKILL.
    pub(crate) fn kill(&self) {
        let group = format!("-{}", self.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    }

    /// Waits for its end, and returns its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Asks it to stop with this signal, and returns its exit code.
    pub(crate) fn stop(&mut self, signal: &str) -> Option<i32> {
        let status = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}

/// A local program that `scripts/test` has built.
pub(crate) fn built(name: &str) -> Command {
    let path = tree::root().join("target/native").join(name);
    assert!(path.is_file(), "{} is missing: run scripts/test", path.display());
    let mut command = Command::new(path);
    command.current_dir(tree::root());
    command
}

/// A program of another Debian release, as `scripts/senders` unpacks it. One of this release has an absolute path.
pub(crate) fn unpacked(program: &str) -> PathBuf {
    tree::root().join("target/senders/debian/usr/bin").join(program)
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    // Where no connection that somebody opens may take it, before the one it is for does; suites that run at once begin
    // at different ones.
    let (first, many) = (20_000, 12_000);
    let begin = u16::try_from(std::process::id() * 31 % u32::from(many)).unwrap();
    loop {
        let port = first + (begin + ASKED.fetch_add(1, Ordering::Relaxed)) % many;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// An empty folder for one test, removed before its next run.
pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    let folder = tree::root().join("target/suite").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Waits for another process to get there: the only place where the suite waits for time to pass.
pub(crate) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1200 {
        if let Some(value) = attempt() {
            return value;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("waited a minute: {what}")
}
