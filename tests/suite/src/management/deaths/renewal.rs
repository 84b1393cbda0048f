//! A slow call of a Cockpit that ended meanwhile: the next Cockpit is as if that call had never been.

use super::*;
use std::collections::BTreeMap;

/// What the next Cockpit is furnished with.
const MADE: [Operation; 6] = [
    Operation::CreateToken,
    Operation::CreateDatasource,
    Operation::CreateContactPoint,
    Operation::CreateGrafanaUser,
    Operation::SetBudget,
    Operation::EnableManagedAlerts,
];

/// What shows a Cockpit.
const SHOWN: [Operation; 6] = [
    Operation::GetCockpit,
    Operation::ListTokens,
    Operation::ListDatasources,
    Operation::ListContactPoints,
    Operation::ListGrafanaUsers,
    Operation::ListBudgets,
];

#[test]
fn a_slow_call_of_a_cockpit_that_has_ended_does_nothing_to_the_next() {
    every_pause(None, |world, want, context| {
        assert_eq!((shown(world), kept(world)), *want, "{context}");
        meters_know_what_was_chosen(world, context);
    });
}

#[test]
fn what_a_slow_call_leaves_that_dies_when_its_cockpit_has_ended_is_not_in_the_next_and_goes_with_it() {
    for survived in [0, 1, 2, 5] {
        every_pause(Some(survived), |world, (want, _), context| {
            assert_eq!(shown(world), *want, "{context}");
            what_is_not_listed_is_not_found(world, context);
            let mut left = left(world, context);
            left.retain(|key| !harmless(key));
            assert_eq!(left, Vec::<String>::new(), "{context}");
        });
    }
}

/// The trail tells ids of what no list shows; nobody can do anything with them.
fn what_is_not_listed_is_not_found(world: &World, context: &str) {
    let listed = [
        names(world, Operation::ListTokens, "tokens", "id"),
        names(world, Operation::ListDatasources, "datasources", "id"),
        names(world, Operation::ListGrafanaUsers, "grafana_users", "id"),
    ]
    .concat();
    let noted = names(world, Operation::ListAuditEvents, "events", "resource_id");
    let numbers = (2..6).map(|number: u8| number.to_string());
    // Cockpits have no id in the trail, and what budgets have there is no part of a path.
    let is_asked = |id: &String| !id.is_empty() && !id.starts_with('{') && !listed.contains(id);
    for id in noted.into_iter().chain(numbers).filter(is_asked) {
        let asked = [row(Operation::GetToken)].into_iter().chain(mutating());
        for (route, parameter) in asked.filter_map(|route| Some((route, by_id(route)?))) {
            let answer = world.send(&aimed(route, &[(parameter, id.clone())]));
            assert_eq!(answer.status, 404, "{context}, then {} of {id}: {answer:?}", route.path);
        }
    }
}

/// The parameter by which a row finds what is a Cockpit's.
fn by_id(route: &Route) -> Option<&'static str> {
    [":token_id", ":datasource_id", ":number"].into_iter().find(|parameter| route.path.contains(parameter))
}

/// What lets nobody in may stay behind a call that dies in such a moment: that a secret retires, and the hash of a password.
fn harmless(key: &str) -> bool {
    ["retired/", "grafana-password/"].iter().any(|kind| key.starts_with(kind))
}

/// Pauses each call about a Cockpit from when it knows which, while that one ends and another begins; lets it do so much
/// more, and looks. The next Cockpit has all that the call would find in it, or nothing of what the call makes.
fn every_pause(survived: Option<u64>, look: impl Fn(&World, &(Vec<Value>, BTreeMap<String, usize>), &str)) {
    for (route, bare) in mutating().flat_map(|route| [(route, false), (route, true)]) {
        let made: Vec<_> = MADE.into_iter().filter(|made| !bare || *made != route.operation).collect();
        let (world, _) = prepared(route);
        run(renew(&world, &made));
        let want = (shown(&world), kept(&world));
        for operations in looked().. {
            let (world, request) = prepared(route);
            let second = async {
                renew(&world, &made).await;
                world.fake.kv.fail_after(survived);
            };
            let Some((answer, ())) = paused(world.answer(&request), operations, second) else { break };
            world.fake.kv.fail_after(None);
            let answer = flow::read(answer);
            look(&world, &want, &format!("{} paused after {operations}, lived {survived:?}: {answer:?}", route.path));
        }
    }
}

/// After so many operations a call knows which Cockpit it is about.
fn looked() -> usize {
    let world = World::new();
    world.fake.kv.take_operations();
    run(cockpits::find(&world.fake, ProjectId::parse(PROJECT).unwrap())).unwrap();
    usize::try_from(world.fake.kv.take_operations().reads).unwrap()
}

/// Ends the Cockpit, begins another one, and makes these in it.
async fn renew(world: &World, made: &[Operation]) {
    let send = async |operation| {
        let mut request = about(row(operation), PROJECT, KEY);
        if operation == Operation::SetBudget {
            request.body = json!({"project_id": PROJECT, "selector": BUDGET, "active_series": 7}).to_string().into();
        }
        flow::read(world.answer(&request).await).status
    };
    // A call that activates finds none at first.
    send(Operation::ActivateCockpit).await;
    for operation in [Operation::DeactivateCockpit, Operation::ActivateCockpit].iter().chain(made) {
        let status = send(*operation).await;
        assert!(status < 300, "{operation:?}: {status}");
    }
}

/// What callers see of the Cockpit, but for what is different each time.
fn shown(world: &World) -> Vec<Value> {
    SHOWN.iter().map(|operation| plain(json_of(&world.send(&about(row(*operation), PROJECT, KEY))))).collect()
}

fn plain(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().filter(|(name, _)| name != "id").map(|(name, field)| (name, plain(field))).collect()
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

/// How many keys of each kind there are that are a Cockpit's, but for the lists that lead there.
fn kept(world: &World) -> BTreeMap<String, usize> {
    let others = ["api-key", "api-keys", "audit", "cockpit", "ended", "key-secret"];
    let lists = ["budgets", "contact-points", "datasources", "grafana-users", "tokens"];
    let mut kept = BTreeMap::new();
    for key in world.fake.kv.keys() {
        let kind = key.split('/').next().unwrap_or_default();
        if !others.contains(&kind) && !lists.contains(&kind) {
            *kept.entry(kind.to_owned()).or_default() += 1;
        }
    }
    kept
}
