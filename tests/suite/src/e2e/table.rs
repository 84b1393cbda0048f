//! Every row of the route table over HTTP, so that what holds on test doubles holds for the deployed wiring.

use super::{
    client::headers_of,
    gateway::{Gateway, Sandbox, on_spin, with_sandbox},
};
use crate::rows::{self, Answer, Sent, Target};
use cockpit_core::Scope;
use http::{HeaderMap, Method};
use serde_json::Value;
use std::{cell::RefCell, collections::BTreeMap};

struct Deployed {
    gateway: Gateway,
    sandbox: Sandbox,
    /// The ids of tokens by their secrets, and the secrets by what they may do.
    ids: RefCell<BTreeMap<String, String>>,
    secrets: RefCell<BTreeMap<Vec<&'static str>, String>>,
}

impl Target for Deployed {
    fn send(&self, sent: &Sent<'_>) -> Answer {
        let url = format!("{}{}", self.gateway.url, sent.path);
        self.gateway.client.send(sent.method, &url, &sent.headers, &sent.body)
    }

    fn token(&self, scopes: &[Scope]) -> String {
        let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
        if let Some(secret) = self.secrets.borrow().get(&names) {
            return secret.clone();
        }
        let created = self.gateway.create_token("row", &names);
        let secret = created.text("secret_key");
        self.ids.borrow_mut().insert(secret.clone(), created.text("id"));
        self.secrets.borrow_mut().insert(names, secret.clone());
        secret
    }

    fn revoke(&self, secret: &str) {
        let path = format!("tokens/{}", self.ids.borrow()[secret]);
        let answer = self.gateway.manage(&Method::DELETE, &path, &Value::Null);
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        self.secrets.borrow_mut().retain(|_, kept| kept != secret);
    }

    fn break_store(&self, broken: bool) {
        self.gateway.break_store(broken);
    }

    fn has_breakable_store(&self) -> bool {
        !on_spin()
    }

    fn received(&self) -> Vec<HeaderMap> {
        self.sandbox.received().iter().map(|request| headers_of(&request["headers"])).collect()
    }
}

#[test]
fn every_row_keeps_its_promises_over_http() {
    let (gateway, sandbox) = with_sandbox("table");
    rows::check(&Deployed { gateway, sandbox, ids: RefCell::default(), secrets: RefCell::default() });
}
