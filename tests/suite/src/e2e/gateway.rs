//! A gateway in the local runtime, and the sandbox behind it.

use super::{
    client::Client,
    process::{Process, built, free_port, fresh_folder},
};
use crate::{
    rows::{Answer, KEY, PROJECT},
    tree,
};
use http::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A gateway under test.
pub(crate) struct Gateway {
    process: Process,
    variables: BTreeMap<String, String>,
    folder: PathBuf,
    /// Where it listens.
    pub(crate) url: String,
    /// A client.
    pub(crate) client: Client,
}

impl Gateway {
    /// Starts one in an empty folder of this name, with these variables. Unless they say otherwise, a revoked token
    /// is refused at once, so that no test has to wait.
    pub(crate) fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let folder = fresh_folder(name);
        let mut all = BTreeMap::from(
            [("ADMIN_KEY", KEY), ("REVOCATION_SECONDS", "0")].map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        all.extend(variables.iter().map(|(name, value)| (name.to_uppercase(), (*value).to_owned())));
        let (process, url) = launch(&folder, &all);
        Self { process, variables: all, folder, url, client: Client::default() }
    }

    /// Kills it where it stands.
    pub(crate) fn kill(&self) {
        self.process.kill();
    }

    /// Stops it as an operator does, and starts it again; it must have ended well.
    pub(crate) fn restart(&mut self) {
        assert_eq!(self.process.stop("-TERM"), Some(0));
        self.start_again();
    }

    /// Starts it again on what it left.
    pub(crate) fn start_again(&mut self) {
        (self.process, self.url) = launch(&self.folder, &self.variables);
    }

    /// Where it keeps its store, in a file.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Makes its store fail, or mends it. Spin's store cannot be told to.
    pub(crate) fn break_store(&self, broken: bool) {
        let flag = self.folder.join("kv-fault");
        if broken { fs::write(flag, "").unwrap() } else { fs::remove_file(flag).unwrap() }
    }

    /// A management call.
    pub(crate) fn manage(&self, method: &Method, path: &str, body: &Value) -> Answer {
        let url = format!("{}/cockpit/v1beta1/{path}", self.url);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.client.send(method, &url, &[("x-auth-token", KEY.to_owned())], body.as_bytes())
    }

    /// Activates the project's Cockpit.
    pub(crate) fn activate(&self) -> Answer {
        self.manage(&Method::POST, "activate", &json!({"project_id": PROJECT}))
    }

    /// Creates a token with these scopes: the whole answer.
    pub(crate) fn create_token(&self, name: &str, scopes: &[&str]) -> Answer {
        let scopes: BTreeMap<_, _> = scopes.iter().map(|scope| (*scope, true)).collect();
        self.manage(&Method::POST, "tokens", &json!({"project_id": PROJECT, "name": name, "scopes": scopes}))
    }

    /// Creates an API key for these projects, of which the first is its own: the whole answer.
    pub(crate) fn create_key(&self, projects: &[&str]) -> Answer {
        let body = json!({"project_ids": projects}).to_string();
        let headers = [("x-auth-token", KEY.to_owned())];
        self.client.send(&Method::POST, &format!("{}/iam/v1alpha1/api-keys", self.url), &headers, body.as_bytes())
    }

    /// The ids of the project's tokens, from all pages.
    pub(crate) fn token_ids(&self) -> Vec<String> {
        let path = format!("tokens?project_id={PROJECT}&page_size=1000");
        let list = self.manage(&Method::GET, &path, &Value::Null).json();
        list["tokens"].as_array().unwrap().iter().map(|token| token["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Pushes a remote-write body.
    pub(crate) fn push(&self, secret: &str, body: &[u8]) -> Answer {
        let url = format!("{}/metrics/api/v1/push", self.url);
        self.client.send(&Method::POST, &url, &[("x-token", secret.to_owned())], body)
    }

    /// Asks an instant query, and returns its result.
    pub(crate) fn query(&self, secret: &str, query: &str) -> Vec<Value> {
        let url = format!("{}/metrics/prometheus/api/v1/query?query={query}", self.url);
        let answer = self.client.send(&Method::GET, &url, &[("authorization", format!("Bearer {secret}"))], b"");
        answer.json()["data"]["result"].as_array().cloned().unwrap_or_default()
    }
}

/// Whether the suite runs under an installed Spin (`COCKPIT_TEST_SPIN=1`) instead of the local runtime.
#[expect(clippy::disallowed_methods, reason = "the environment chooses the host for this run")]
pub(crate) fn on_spin() -> bool {
    std::env::var("COCKPIT_TEST_SPIN").is_ok_and(|value| value == "1")
}

fn launch(folder: &Path, variables: &BTreeMap<String, String>) -> (Process, String) {
    let mut command = if on_spin() { Command::new("spin") } else { built("cockpit-runtime") };
    command.envs(variables.iter().map(|(name, value)| (format!("SPIN_VARIABLE_{name}"), value)));
    if on_spin() { spin(command, folder) } else { local_runtime(command, folder, variables.get("LOKI_URL")) }
}

fn local_runtime(mut command: Command, folder: &Path, loki: Option<&String>) -> (Process, String) {
    for path in ["/loki/api/v1/tail", "/logs/loki/api/v1/tail"] {
        command.args(loki.map(|loki| format!("--websocket={path}={loki}/loki/api/v1/tail")));
    }
    command.args(["--manifest", "spin.toml", "--listen", "127.0.0.1:0", "--cache-dir", "target/suite/cache"]);
    command.arg("--state-dir").arg(folder).arg("--kv-fault-file").arg(folder.join("kv-fault"));
    let mut process = Process::start(&mut command, "the local runtime");
    let ready = process.line();
    let url = ready.strip_prefix("ready ").unwrap_or_else(|| panic!("{ready}")).to_owned();
    (process, url)
}

fn spin(mut command: Command, folder: &Path) -> (Process, String) {
    let address = format!("127.0.0.1:{}", free_port());
    command.current_dir(tree::root()).args(["up", "--listen", &address, "--state-dir"]).arg(folder);
    let mut process = Process::start(&mut command, "spin is missing: see https://spinframework.dev");
    process.lines_until(|line| line.starts_with("Available Routes"));
    (process, format!("http://{address}"))
}

/// The stand-ins for the backends.
pub(crate) struct Sandbox {
    _process: Process,
    /// Where the stand-in for Mimir listens.
    pub(crate) mimir: String,
    /// The stand-in for Loki.
    pub(crate) loki: StandIn,
    /// The stand-in for Mimir's Alertmanager.
    pub(crate) alertmanager: StandIn,
}

/// One of the stand-ins.
pub(crate) struct StandIn {
    /// Where it listens.
    pub(crate) url: String,
    client: Client,
}

impl Sandbox {
    /// Starts the stand-ins.
    pub(crate) fn start() -> Self {
        let mut process = Process::start(&mut built("cockpit-sandbox"), "the sandbox");
        let lines = process.lines_until(|line| line == "ready");
        let url = |name| lines.iter().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let stand_in = |name| StandIn { url: url(name), client: Client::default() };
        let (loki, alertmanager) = (stand_in("loki_url="), stand_in("alertmanager_url="));
        Self { _process: process, mimir: url("mimir_url="), loki, alertmanager }
    }

    /// The stand-in for Mimir.
    pub(crate) fn metrics(&self) -> StandIn {
        StandIn { url: self.mimir.clone(), client: Client::default() }
    }

    /// The variables that say where they are.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 3] {
        let (loki, alertmanager) = (&*self.loki.url, &*self.alertmanager.url);
        [("mimir_url", &*self.mimir), ("loki_url", loki), ("alertmanager_url", alertmanager)]
    }

    /// Tells the stand-in for Mimir how to fail.
    pub(crate) fn fail(&self, fault: &Value) {
        self.metrics().fail(fault);
    }

    /// Mends it.
    pub(crate) fn mend(&self) {
        self.metrics().mend();
    }

    /// The requests that any stand-in has received since the last call.
    pub(crate) fn received(&self) -> Vec<Value> {
        [self.metrics().received(), self.loki.received(), self.alertmanager.received()].concat()
    }
}

impl StandIn {
    /// Tells it how to fail.
    pub(crate) fn fail(&self, fault: &Value) {
        let answer = self.client.send(&Method::PUT, &self.control("fault"), &[], fault.to_string().as_bytes());
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Mends it.
    pub(crate) fn mend(&self) {
        self.client.send(&Method::DELETE, &self.control("fault"), &[], b"");
    }

    /// The requests that it has received since the last call.
    pub(crate) fn received(&self) -> Vec<Value> {
        let received = self.remembered();
        self.client.send(&Method::DELETE, &self.control("requests"), &[], b"");
        received
    }

    /// The same, but they stay.
    pub(crate) fn remembered(&self) -> Vec<Value> {
        self.client.json(&self.control("requests")).as_array().unwrap().clone()
    }

    /// The lines of a tenant's streams with this label, newest first, asked of a stand-in for Loki itself.
    pub(crate) fn lines(&self, tenant: &str, label: &str, value: &str) -> Vec<String> {
        lines(&self.client, &self.url, tenant, label, value)
    }

    fn control(&self, what: &str) -> String {
        format!("{}/-/sandbox/{what}", self.url)
    }
}

/// The lines of a tenant's streams with this label, newest first, asked of a Loki itself.
pub(crate) fn lines(client: &Client, loki: &str, tenant: &str, label: &str, value: &str) -> Vec<String> {
    let url = format!("{loki}/loki/api/v1/query_range?limit=5000&query=%7B{label}=%22{value}%22%7D");
    let answer = client.send(&Method::GET, &url, &[("x-scope-orgid", tenant.to_owned())], b"");
    let streams = answer.json()["data"]["result"].as_array().cloned().unwrap_or_default();
    let values = streams.iter().flat_map(|stream| stream["values"].as_array().unwrap());
    values.map(|value| value[1].as_str().unwrap().to_owned()).collect()
}

/// A gateway with an active Cockpit before a sandbox.
pub(crate) fn with_sandbox(name: &str) -> (Gateway, Sandbox) {
    let sandbox = Sandbox::start();
    let gateway = Gateway::start(name, &sandbox.variables());
    assert_eq!(gateway.activate().status, 200);
    (gateway, sandbox)
}
