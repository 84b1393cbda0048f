//! The gateway is what it says it is: schemathesis, installed by `scripts/senders`, makes requests from the description
//! and compares each answer with it.

use super::{
    fresh_folder,
    gateway::{Gateway, with_sandbox},
};
use crate::{
    rows::{KEY, PROJECT},
    tree,
};
use cockpit_core::Scope;
use std::process::Command;

/// Runs the tester with these arguments on a gateway of its own, and returns what it says. It must find nothing.
fn tested(name: &str, arguments: &[&str]) -> String {
    let (gateway, _sandbox) = with_sandbox(name);
    let secret = gateway.create_token("tester", &Scope::ALL.map(Scope::name)).text("secret_key");
    // A call that names no project is about one without a Cockpit, so that none is deactivated on the way.
    let key = gateway.create_key(&["08080808-0808-0808-0808-080808080808", PROJECT]).text("secret_key");
    let senders = tree::root().join("tests/senders");
    let mut tester = Command::new(tree::root().join("target/senders/python/bin/schemathesis"));
    tester.arg("--config-file").arg(senders.join("schemathesis.toml"));
    tester.args(["run", &format!("{}/openapi.json", gateway.url), "--url", &gateway.url]).args(arguments);
    tester.args(["--no-color", "-H", &format!("X-Auth-Token: {key}"), "-H", &format!("X-Token: {secret}")]);
    // It keeps what it finds in the folder it runs in.
    tester.current_dir(fresh_folder(&format!("schemathesis-{name}")));
    tester.env("PYTHONPATH", senders).env("PROJECT", PROJECT).env("ADMIN_KEY", KEY).env("PYTHONDONTWRITEBYTECODE", "1");
    let tested = tester.output().expect("schemathesis is missing: run scripts/senders");
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(tested.status.success(), "{said}{}", String::from_utf8_lossy(&tested.stderr));
    said
}

#[test]
fn every_answer_is_as_described_and_none_is_a_failure() {
    // A tail that is asked for well goes on for an hour.
    let phases = ["--phases", "examples,coverage,fuzzing", "--max-examples", "20"];
    let said = tested("openapi", &[&phases[..], &["--exclude-path-regex", "/tail$"]].concat());
    let refused = said.split("Missing test data").next().unwrap_or_default();
    assert!(!refused.contains("/iam/"), "the operator's own calls were tried with another key: {said}");
}

#[test]
fn what_was_created_is_found_and_removed_as_described() {
    let phases = ["--phases", "stateful", "--max-examples", "300"];
    let said = tested("openapi-links", &[&phases[..], &["--include-path-regex", "^/(cockpit|iam)/"]].concat());
    let covered = said.lines().find_map(|line| line.trim().strip_prefix("API Links:"));
    let covered = covered.and_then(|links| links.split_whitespace().next()?.parse::<u32>().ok());
    assert!(covered.is_some_and(|covered| covered > 3), "hardly anything that was created was used: {said}");
}

#[test]
fn anybody_may_read_the_description_and_it_names_this_gateway() {
    let gateway = Gateway::start("openapi-read", &[("public_url", "https://edge.example/")]);
    let description = gateway.client.json(&format!("{}/openapi.json", gateway.url));
    assert_eq!(description["servers"][0]["url"], "https://edge.example");
}
