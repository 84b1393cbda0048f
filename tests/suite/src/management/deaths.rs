//! Calls that die, and calls that come between: nothing is half made, nothing fails, nothing is left.

mod renewal;

use super::{BUDGET, OTHER, about, belongings, create_key, filled, json_of, row, text};
use crate::{
    flow::{self, World},
    messages,
    rows::{self, KEY, PROJECT, Sent, Target},
};
use cockpit_core::{
    Dialect, Operation, ProjectId, Route, Scope,
    routes::{Access, ROUTES, Right},
};
use cockpit_fake::{paused, run};
use cockpit_quota::settings;
use cockpit_state::{Status, cockpits};
use http::Method;
use serde_json::{Value, json};

/// Rows that change something.
fn mutating() -> impl Iterator<Item = &'static Route> {
    let writing = ROUTES.iter().filter(|route| matches!(route.access, Access::Manager(Right::Write) | Access::Admin));
    writing.filter(|route| route.methods != [Method::GET])
}

/// A gateway in which a row can do what it does, and the request that makes it.
fn prepared(route: &'static Route) -> (World, Sent<'static>) {
    let (world, mut belongings) = furnished();
    // Of the tokens it is the one with more to remove that is aimed at.
    belongings.retain(|(parameter, _)| *parameter != ":token_id");
    belongings.push((":token_id", used(&world)));
    match route.operation {
        Operation::ActivateCockpit => drop(world.send(&about(row(Operation::DeactivateCockpit), PROJECT, KEY))),
        Operation::CreateGrafanaUser => drop(world.send(&about(row(Operation::ResetGrafana), PROJECT, KEY))),
        Operation::DeleteBudget => drop(world.send(&about(row(Operation::SetBudget), PROJECT, KEY))),
        Operation::DeleteContactPoint => drop(world.send(&about(row(Operation::CreateContactPoint), PROJECT, KEY))),
        Operation::DisableManagedAlerts => drop(world.send(&about(row(Operation::EnableManagedAlerts), PROJECT, KEY))),
        _ => {}
    }
    (world, aimed(route, &belongings))
}

/// A gateway with one of everything.
fn furnished() -> (World, Vec<(&'static str, String)>) {
    let world = World::new();
    let mut belongings = belongings(&world);
    belongings.push((":access_key", text(&create_key(&world, PROJECT, "full"), "access_key")));
    (world, belongings)
}

/// Pushes with a token of the Cockpit's and with one that has limits of its own, from an instance that ends then. Returns
/// the id of the latter.
fn used(world: &World) -> String {
    let request = messages::series(&[("__name__", "up"), ("team", "a")], &[messages::NOW_MILLIS]);
    let body = json!({"project_id": PROJECT, "name": "limited", "limits": {"samples_per_second": 10}});
    let limited =
        world.send(&Sent { body: body.to_string().into(), ..about(row(Operation::CreateToken), PROJECT, KEY) });
    for secret in [world.token(&[Scope::WriteMetrics]), text(&limited, "secret_key")] {
        let (headers, body) = (vec![("x-token", secret)], messages::snappy(&request));
        let path = "/api/v1/push".to_owned();
        let push = Sent { function: "metrics-push", method: &Method::POST, path, headers, body };
        assert_eq!(world.send(&push).status, 200);
    }
    world.fake.forget();
    text(&limited, "id")
}

/// A request of the operator's about what is really there.
fn aimed(route: &'static Route, belongings: &[(&str, String)]) -> Sent<'static> {
    let request = about(route, PROJECT, KEY);
    let path = request.path.replace(&rows::concrete(route.path), &filled(route.path, belongings));
    Sent { path, ..request }
}

/// Pauses each call after each of its operations on the store, for all of each other call.
#[test]
fn whatever_comes_between_two_writes_of_a_call_nothing_fails_and_nothing_is_left() {
    for first in mutating() {
        for second in mutating() {
            for operations in 1.. {
                let context = format!("{} paused after {operations}, for {}", first.path, second.path);
                let (world, belongings) = furnished();
                let (one, two) = (aimed(first, &belongings), aimed(second, &belongings));
                let Some((one, two)) = paused(world.answer(&one), operations, world.answer(&two)) else { break };
                let answers = [flow::read(one), flow::read(two)];
                assert!(answers.iter().all(|answer| answer.status < 500), "{context}: {answers:?}");
                meters_know_what_was_chosen(&world, &context);
                nothing_is_left(&world, &context);
            }
        }
    }
}

/// Meters read what the Cockpit has chosen, and nothing is kept of what another chose.
fn meters_know_what_was_chosen(world: &World, context: &str) {
    let (kv, project) = (&world.fake, ProjectId::parse(PROJECT).unwrap());
    let ready = run(cockpits::find(kv, project)).unwrap().filter(|cockpit| cockpit.status == Status::Ready);
    let own = ready.as_ref().map(|cockpit| format!("settings/{project}/{}", cockpit.epoch()));
    let others = kv.kv.keys().into_iter().find(|key| key.starts_with("settings/") && Some(key) != own.as_ref());
    assert_eq!(others, None, "{context}");
    if let Some(cockpit) = ready {
        let chosen = run(cockpit_manage::settings::chosen(kv, project, &cockpit)).unwrap();
        assert_eq!(run(settings::load(kv, project, cockpit.epoch())).unwrap(), chosen, "{context}");
    }
}

/// Kills the process before each of a call's writes in turn, and sends the call again.
#[test]
fn a_call_that_dies_between_two_writes_can_be_repeated_and_leaves_nothing_behind() {
    for route in mutating() {
        for survived in 0.. {
            let (world, request) = prepared(route);
            world.fake.kv.die_after(survived);
            let first = world.send(&request);
            world.fake.kv.die_after(None);
            if first.status < 300 {
                assert!(survived > 1, "{} writes what it does, and an entry of the trail", route.path);
                break;
            }
            first.is(503, Dialect::Management, route.path);
            let again = world.send(&request);
            assert!(again.status < 300, "{} after {survived} writes: {again:?}", route.path);
            nothing_is_left(&world, &format!("{} after {survived} writes", route.path));
        }
    }
}

fn nothing_is_left(world: &World, context: &str) {
    assert_eq!(left(world, context), Vec::<String>::new(), "{context}");
}

/// Removes all that there is, and looks what is left once nothing can be under way any more, beside counters, which are
/// never given back, that there was a Cockpit, and the trails.
fn left(world: &World, context: &str) -> Vec<String> {
    world.fake.pass(700);
    for name in names(world, Operation::ListApiKeys, "api_keys", "access_key") {
        let route = row(Operation::DeleteApiKey);
        let path = route.path.replace(":access_key", &name);
        assert_eq!(world.send(&Sent { path, ..about(route, PROJECT, KEY) }).status, 204, "{context}");
    }
    // What dead creations left is found by the next one, or by a deactivation.
    text(&create_key(world, OTHER, "full"), "secret_key");
    let activated = world.send(&about(row(Operation::ActivateCockpit), PROJECT, KEY)).status;
    assert!(activated == 200 || activated == 409, "{context}");
    assert_eq!(world.send(&about(row(Operation::DeactivateCockpit), PROJECT, KEY)).status, 200, "{context}");
    let kept = |key: &String| {
        ["/next", "/floor", "/numbers"].iter().any(|end| key.ends_with(end))
            || ["audit/", "cockpit/", "ended/"].iter().any(|start| key.starts_with(start))
    };
    let of_keys = |key: &String| ["api-key/", "api-keys/", "key-secret/"].iter().any(|start| key.starts_with(start));
    let left = world.fake.kv.keys().into_iter().filter(|key| !kept(key));
    let (own, left): (Vec<_>, Vec<_>) = left.partition(of_keys);
    assert_eq!(own.len(), 3, "{context}: the pointer of the key that was just created, its secret and itself: {own:?}");
    left
}

fn names(world: &World, list: Operation, field: &str, name: &str) -> Vec<String> {
    let all = json_of(&world.send(&about(row(list), PROJECT, KEY)));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    all[field].as_array().unwrap().iter().map(|each| text(&each[name])).collect()
}

#[test]
fn what_cannot_be_noted_is_not_done() {
    for route in mutating() {
        let (world, request) = prepared(route);
        // A counter comes to be when it is first read.
        let keys = || world.fake.kv.keys().into_iter().filter(|key| !key.ends_with("/next")).collect::<Vec<_>>();
        let before = keys();
        world.fake.kv.die_after(0);
        world.send(&request).is(503, Dialect::Management, route.path);
        world.fake.kv.die_after(None);
        assert_eq!(keys(), before, "{}", route.path);
    }
}

#[test]
fn a_plan_that_is_chosen_while_a_cockpit_ends_is_not_that_of_the_next() {
    for operations in 1.. {
        let (world, belongings) = furnished();
        let request = |operation| aimed(row(operation), &belongings);
        let (choice, end) = (request(Operation::SelectPlan), request(Operation::DeactivateCockpit));
        if paused(world.answer(&choice), operations, world.answer(&end)).is_none() {
            break;
        }
        let next = world.send(&about(row(Operation::ActivateCockpit), PROJECT, KEY));
        assert_eq!(json_of(&next)["plan"]["name"], "free", "paused after {operations}");
    }
}

/// Pauses a call that changes what the Cockpit has chosen after each of its operations for all of another one, lets it do
/// so much more, and kills it.
#[test]
fn whatever_a_dead_call_left_the_meters_anybody_who_looks_puts_it_right() {
    let calls = [Operation::SelectPlan, Operation::SetBudget, Operation::DeleteBudget].map(row);
    let looks = [Operation::GetCockpit, Operation::GetCockpitMetrics, Operation::ListBudgets].map(row);
    for (first, second, survived) in
        calls.iter().flat_map(|one| calls.iter().flat_map(move |two| (0..4).map(move |ops| (one, two, ops))))
    {
        for operations in 1.. {
            let world = World::new();
            let mut before = about(row(Operation::SetBudget), PROJECT, KEY);
            before.body = json!({"project_id": PROJECT, "selector": BUDGET, "active_series": 7}).to_string().into();
            world.send(&before);
            let (one, two) = (about(first, PROJECT, KEY), about(second, PROJECT, KEY));
            let other = async {
                let answer = world.answer(&two).await;
                world.fake.kv.fail_after(survived);
                answer
            };
            if paused(world.answer(&one), operations, other).is_none() {
                break;
            }
            world.fake.kv.fail_after(None);
            let look = looks[operations % looks.len()];
            assert_eq!(world.send(&about(look, PROJECT, KEY)).status, 200);
            let context = format!("{} paused after {operations}, for {}, then {}", first.path, second.path, look.path);
            meters_know_what_was_chosen(&world, &context);
        }
    }
}
