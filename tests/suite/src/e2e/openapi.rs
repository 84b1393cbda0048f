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

#[test]
fn every_answer_is_as_described_and_none_is_a_failure() {
    let (gateway, _sandbox) = with_sandbox("openapi");
    let secret = gateway.create_token("tester", &Scope::ALL.map(Scope::name)).text("secret_key");
    // A call that names no project is about one without a Cockpit, so that none is deactivated on the way.
    let key = gateway.create_key(&["08080808-0808-0808-0808-080808080808", PROJECT]).text("secret_key");
    let senders = tree::root().join("tests/senders");
    let mut tester = Command::new(tree::root().join("target/senders/python/bin/schemathesis"));
    tester.arg("--config-file").arg(senders.join("schemathesis.toml"));
    tester.args(["run", &format!("{}/openapi.json", gateway.url), "--url", &gateway.url, "--max-examples", "20"]);
    // A tail that is asked for well goes on for an hour.
    tester.args(["--exclude-path-regex", "/tail$"]);
    tester.arg("--no-color");
    // It keeps what it finds in the folder it runs in.
    tester.current_dir(fresh_folder("schemathesis"));
    tester.env("ADMIN_KEY", KEY).env("API_KEY", key).env("TOKEN", secret);
    tester.env("PYTHONPATH", senders).env("PROJECT", PROJECT).env("PYTHONDONTWRITEBYTECODE", "1");
    let tested = tester.output().expect("schemathesis is missing: run scripts/senders");
    let said = String::from_utf8_lossy(&tested.stdout);
    assert!(tested.status.success(), "{said}{}", String::from_utf8_lossy(&tested.stderr));
    assert!(!said.contains("0 covered"), "nothing that was created was used: {said}");
    let refused = said.split("Missing test data").next().unwrap_or_default();
    assert!(!refused.contains("/iam/"), "the operator's own calls were tried with another key: {said}");
}

#[test]
fn anybody_may_read_the_description_and_it_names_this_gateway() {
    let gateway = Gateway::start("openapi-read", &[("public_url", "https://edge.example/")]);
    let description = gateway.client.json(&format!("{}/openapi.json", gateway.url));
    assert_eq!(description["servers"][0]["url"], "https://edge.example");
}
