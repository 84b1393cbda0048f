//! Tokens with limits of their own: what meters keep of them goes with them, at a price that a call can pay.

use super::{about, json_of, row};
use crate::{
    flow::World,
    messages,
    rows::{KEY, PROJECT, Sent, Target},
};
use cockpit_core::{Dialect, Operation, project::parse_uuid};
use cockpit_quota::Signal;
use http::Method;
use serde_json::{Value, json};

/// Creates a token with limits of its own and other fields, pushes with it, and returns its id.
fn used(world: &World, fields: &Value) -> String {
    let mut body = json!({"project_id": PROJECT, "name": "limited",
        "limits": {"samples_per_second": 10, "log_bytes_per_second": 10}});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let created =
        world.send(&Sent { body: body.to_string().into(), ..about(row(Operation::CreateToken), PROJECT, KEY) });
    let created = json_of(&created);
    let headers = vec![("x-token", created["secret_key"].as_str().unwrap().to_owned())];
    let millis = world.fake.micros.get() / 1_000;
    let body = messages::snappy(&messages::series(&[("__name__", "up")], &[millis]));
    let path = "/api/v1/push".to_owned();
    let pushed = world.send(&Sent { function: "metrics-push", method: &Method::POST, path, headers, body });
    assert_eq!(pushed.status, 200, "{pushed:?}");
    created["id"].as_str().unwrap().to_owned()
}

/// The keys that meters keep of a token.
fn kept(world: &World, id: &str) -> Vec<String> {
    let senders = Signal::ALL.map(|signal| signal.sender_of_token(parse_uuid(id).unwrap().into_bytes()));
    let own = |key: &String| senders.iter().any(|sender| key.contains(sender));
    world.fake.kv.keys().into_iter().filter(own).collect()
}

#[test]
fn nothing_is_kept_of_a_token_that_makes_room_for_another_once_it_has_expired() {
    let world = World::new();
    let id = used(&world, &json!({"expires_at": "2023-11-09T22:24:20Z"}));
    assert_eq!(kept(&world, &id).len(), 2, "a counter and the usage");
    world.fake.pass(7_200);
    let other = used(&world, &json!({}));
    assert_eq!(kept(&world, &id), Vec::<String>::new());
    assert_eq!(kept(&world, &other).len(), 2);
}

/// A gateway in which so many tokens with limits of their own have just been used, and the call that ends the Cockpit.
fn crowded(tokens: usize) -> (World, Sent<'static>) {
    let world = World::new();
    (0..tokens).for_each(|_| drop(used(&world, &json!({}))));
    world.fake.forget();
    (world, about(row(Operation::DeactivateCockpit), PROJECT, KEY))
}

#[test]
fn a_deactivation_costs_less_than_a_hundred_reads_for_each_token_with_limits() {
    for (pause, most) in [(0, 4_000), (7_200, 9_000)] {
        let (world, end) = crowded(100);
        world.fake.pass(pause);
        world.fake.kv.take_operations();
        assert_eq!(world.send(&end).status, 200);
        let seen = world.fake.kv.take_operations();
        assert!(seen.reads <= most && seen.writes <= 1_000, "after {pause} s: {seen:?}");
    }
}

#[test]
fn a_deactivation_that_is_cut_off_again_and_again_goes_on_where_it_was() {
    let (world, end) = crowded(30);
    let done = (0..10).any(|_| {
        world.fake.kv.fail_after(600);
        let answer = world.send(&end);
        world.fake.kv.fail_after(None);
        answer.status == 200
    });
    assert!(done, "half of what it takes is enough, if only it is given often enough");
}

#[test]
fn a_token_of_a_cockpit_that_is_being_removed_is_not_rotated() {
    let world = World::new();
    let id = used(&world, &json!({}));
    // The trail, and that it has begun.
    world.fake.kv.die_after(3);
    world.send(&about(row(Operation::DeactivateCockpit), PROJECT, KEY)).is(503, Dialect::Management, "deactivate");
    world.fake.kv.die_after(None);
    let path = format!("/cockpit/v1beta1/tokens/{id}/rotate");
    let rotated = world.send(&Sent { path, ..about(row(Operation::RotateToken), PROJECT, KEY) });
    rotated.is(409, Dialect::Management, "rotate");
    assert_eq!(json_of(&rotated)["current_state"], "deleting");
}
