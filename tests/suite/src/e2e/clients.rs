//! The official clients of the management API, installed by `scripts/clients`, unmodified but for their base URL.

use super::gateway::{Gateway, Sandbox};
use crate::{
    rows::{KEY, PROJECT},
    store::Port,
    tree,
};
use cockpit_core::{ProjectId, ports::StoreError};
use cockpit_runtime::kv::Sqlite;
use cockpit_state::{Keeper, Token, cockpits};
use http::Method;
use serde_json::json;
use std::process::Command;

const DASHBOARDS: &str =
    r#"[{"dashboard_name":"ingest","title":"Ingest","url":"http://grafana/d/1","tags":["ingest"],"variables":[]}]"#;

/// A project whose Cockpit somebody began to remove, and died.
const DELETING: &str = "09090909-0909-0909-0909-090909090909";

/// The process is killed before anything is forgotten.
struct Killed;

impl Keeper for Killed {
    async fn forget_token(&self, _token: &Token) -> Result<(), StoreError> {
        Err(StoreError("the process is killed here".to_owned()))
    }

    async fn forget_cockpit(&self, _project: ProjectId, _epoch: u64) -> Result<(), StoreError> {
        Err(StoreError("the process is killed here".to_owned()))
    }
}

/// Begins to remove a Cockpit, and dies.
fn leave_deleting(gateway: &Gateway) {
    let store = Port(Sqlite::open(&gateway.folder().join("kv.db")).unwrap());
    let project = ProjectId::parse(DELETING).unwrap();
    cockpit_fake::run(cockpits::activate(&store, project, &())).unwrap();
    let cockpit = cockpit_fake::run(cockpits::find(&store, project)).unwrap().unwrap();
    assert!(cockpit_fake::run(cockpits::deactivate(&store, project, cockpit, &Killed)).is_err());
}

/// A gateway without a Cockpit, and the environment that clients are given.
fn environment(name: &str) -> (Gateway, Sandbox, Vec<(&'static str, String)>) {
    let sandbox = Sandbox::start();
    let variables = [&sandbox.variables()[..], &[("grafana_dashboards", DASHBOARDS)]].concat();
    let gateway = Gateway::start(name, &variables);
    let reader = json!({"project_ids": [PROJECT], "access": "read_only"}).to_string();
    let headers = [("x-auth-token", KEY.to_owned())];
    let url = format!("{}/iam/v1alpha1/api-keys", gateway.url);
    let reader = gateway.client.send(&Method::POST, &url, &headers, reader.as_bytes()).text("secret_key");
    let environment = vec![
        ("GATEWAY", gateway.url.clone()),
        ("SECRET", gateway.create_key(&[PROJECT, DELETING]).text("secret_key")),
        ("READER", reader),
        ("ADMIN", KEY.to_owned()),
        ("PROJECT", PROJECT.to_owned()),
        ("DELETING", DELETING.to_owned()),
    ];
    leave_deleting(&gateway);
    (gateway, sandbox, environment)
}

/// Runs a client to its end; it must say how many of its methods it called.
fn run(mut client: Command, environment: Vec<(&'static str, String)>) {
    let ran = client.envs(environment).output().expect("a client is missing: run scripts/clients");
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && said.contains("methods called"), "{client:?}: {said}");
}

fn python(version: &str) {
    let (_gateway, sandbox, environment) = environment(&format!("python-{version}"));
    let mut client = Command::new(tree::root().join(format!("target/clients/python-{version}/bin/python")));
    client.arg(tree::root().join("tests/clients/management.py"));
    run(client, environment);
    assert!(sandbox.alertmanager.received().iter().any(|sent| sent["path"] == "/alertmanager/api/v2/alerts"));
}

#[test]
fn the_python_sdk_with_reset_grafana_manages_all_that_it_knows() {
    python("1.3.0");
}

#[test]
fn the_last_python_sdk_of_this_version_manages_all_that_it_knows() {
    python("2.11.0");
}

#[test]
fn the_last_javascript_sdk_of_this_version_manages_all_that_it_knows() {
    let (_gateway, _sandbox, environment) = environment("javascript");
    let mut client = Command::new("node");
    client
        .arg(tree::root().join("tests/clients/management.mjs"))
        .env("MODULES", tree::root().join("target/clients/node"));
    run(client, environment);
}
