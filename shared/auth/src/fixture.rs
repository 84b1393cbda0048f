//! A gateway with a token, for the tests of this crate.

use crate::Secret;
use cockpit_core::{ProjectId, Scope, ports::Random};
use cockpit_fake::{Fake, run};
use cockpit_state::{NewToken, Token, cockpits, tokens};
use uuid::Uuid;

pub(crate) const KEY: &str = "3d2c1f3e-6f0a-4a52-9c3e-0d5a3f1b2c4d";
pub(crate) const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

/// A host with these variables, and a token after this change.
pub(crate) fn with_token(
    variables: &[(&'static str, &str)],
    change: impl FnOnce(&mut NewToken),
) -> (Fake, Secret, Token) {
    let fake = Fake::new(&[&[("admin_key", KEY)], variables].concat());
    run(cockpits::activate(&fake, PROJECT, &())).unwrap();
    let cockpit = run(cockpits::find(&fake, PROJECT)).unwrap().unwrap();
    let secret = Secret::generate(&fake);
    let mut new = NewToken {
        id: Uuid::from_bytes(fake.bytes()),
        project: PROJECT,
        name: "t".into(),
        scopes: [Scope::WriteMetrics].into_iter().collect(),
        secret: secret.hash(),
        expires_at: None,
        bounds: tokens::Bounds::default(),
    };
    change(&mut new);
    let token = run(tokens::create(&fake, &cockpit, new, &())).unwrap().done().unwrap();
    fake.kv.take_operations();
    (fake, secret, token)
}
