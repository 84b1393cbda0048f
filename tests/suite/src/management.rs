//! What must hold for every row of the management API, whoever carries the requests.

mod deaths;
mod strangers;
mod tokens;

use crate::{
    flow::World,
    rows::{self, Answer, KEY, PROJECT, Sent, Target},
};
use cockpit_core::{
    Dialect, Operation, Route,
    routes::{Access, ROUTES, Right},
};
use http::Method;
use serde_json::{Value, json};

/// A project that is nobody's business here.
const OTHER: &str = "08080808-0808-0808-0808-080808080808";

/// A budget's selector, fit for a query string.
const BUDGET: &str = "up";

fn managed() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| matches!(route.access, Access::Manager(_)))
}

fn administered() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.access == Access::Admin)
}

/// The row of an operation.
fn row(operation: Operation) -> &'static Route {
    ROUTES.iter().find(|route| route.operation == operation).unwrap()
}

/// What an operation takes besides the project.
fn fields(operation: Operation) -> Value {
    match operation {
        Operation::CreateToken => json!({"name": "row", "scopes": {"write_metrics": true}}),
        Operation::CreateDatasource => json!({"name": "row", "type": "metrics"}),
        Operation::CreateContactPoint | Operation::DeleteContactPoint => {
            json!({"contact_point": {"email": {"to": "row@example.org"}}})
        }
        Operation::CreateGrafanaUser => json!({"login": "row", "role": "viewer"}),
        Operation::SelectPlan => json!({"plan_id": "premium"}),
        Operation::SetBudget => json!({"selector": BUDGET, "active_series": 50_000}),
        _ => json!({}),
    }
}

/// A request for a row without a body.
fn bare<'r>(route: &'r Route, key: &str) -> Sent<'r> {
    let headers = vec![("x-auth-token", key.to_owned())];
    let (function, method) = (route.function, &route.methods[0]);
    Sent { function, method, path: rows::concrete(route.path), headers, body: vec![] }
}

/// A request that an operation takes, about this project.
fn about<'r>(route: &'r Route, project: &str, key: &str) -> Sent<'r> {
    let request = bare(route, key);
    if route.operation == Operation::DeleteBudget {
        return Sent { path: format!("{}?project_id={project}&selector={BUDGET}", request.path), ..request };
    }
    if !matches!(*request.method, Method::POST | Method::PUT) {
        return Sent { path: format!("{}?project_id={project}", request.path), ..request };
    }
    let mut body = fields(route.operation);
    let member = if route.access == Access::Admin { "default_project_id" } else { "project_id" };
    body[member] = project.into();
    Sent { body: body.to_string().into(), ..request }
}

/// A request that a row accepts at any time: the one that would end the Cockpit names none.
pub(crate) fn request<'r>(route: &'r Route, credentials: Vec<(&'static str, String)>) -> Sent<'r> {
    let request = Sent { headers: credentials, ..about(route, PROJECT, "") };
    if route.operation == Operation::DeactivateCockpit { Sent { body: b"{}".to_vec(), ..request } } else { request }
}

/// Creates an API key for a project, and returns its secret.
pub(crate) fn key(target: &impl Target, project: &str, access: &str) -> String {
    text(&create_key(target, project, access), "secret_key")
}

fn create_key(target: &impl Target, project: &str, access: &str) -> Answer {
    let body = json!({"default_project_id": project, "access": access}).to_string().into();
    target.send(&Sent { body, ..about(row(Operation::CreateApiKey), project, KEY) })
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

fn text(answer: &Answer, field: &str) -> String {
    json_of(answer)[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer:?}")).to_owned()
}

/// Every check, in turn.
pub(crate) fn check(target: &impl Target) {
    read_only_keys_change_nothing(target);
    api_keys_issue_no_api_keys(target);
    strangers::a_project_that_is_not_the_callers_looks_as_if_it_were_not_there(target);
    a_call_without_a_project_is_about_the_keys_own(target);
    bodies_that_are_no_json_are_refused_and_unknown_fields_are_not(target);
    a_revoked_api_key_is_nobodys(target);
}

fn read_only_keys_change_nothing(target: &impl Target) {
    let key = key(target, PROJECT, "read_only");
    for route in managed() {
        let answer = target.send(&about(route, PROJECT, &key));
        if route.access == Access::Manager(Right::Write) {
            answer.is(403, Dialect::Management, route.path);
            assert_eq!(text(&answer, "type"), "permissions_denied", "{}", route.path);
        } else {
            assert!(answer.status == 200 || answer.status == 404, "{}: {answer:?}", route.path);
        }
    }
}

fn api_keys_issue_no_api_keys(target: &impl Target) {
    let key = key(target, PROJECT, "full");
    for route in administered() {
        let answer = target.send(&about(route, PROJECT, &key));
        answer.is(403, Dialect::Management, route.path);
        assert_eq!(text(&answer, "type"), "permissions_denied", "{}", route.path);
    }
}

/// The paths of things that a project really has, by their parameter.
fn belongings(target: &impl Target) -> Vec<(&'static str, String)> {
    let create = |operation| target.send(&about(row(operation), PROJECT, KEY));
    let user = create(Operation::CreateGrafanaUser);
    assert!(user.status == 200 || user.status == 409, "{user:?}");
    vec![
        (":token_id", text(&create(Operation::CreateToken), "id")),
        (":datasource_id", text(&create(Operation::CreateDatasource), "id")),
        (":number", "2".to_owned()),
    ]
}

fn filled(path: &str, belongings: &[(&str, String)]) -> String {
    belongings.iter().fold(path.to_owned(), |path, (parameter, value)| path.replace(parameter, value))
}

fn a_call_without_a_project_is_about_the_keys_own(target: &impl Target) {
    let key = key(target, PROJECT, "full");
    let without = |operation| {
        let route = row(operation);
        let body = fields(operation).to_string().into();
        target.send(&Sent { body, ..bare(route, &key) })
    };
    assert_eq!(text(&without(Operation::GetCockpit), "project_id"), PROJECT);
    assert_eq!(text(&without(Operation::CreateToken), "project_id"), PROJECT);
    let unnamed = target.send(&bare(row(Operation::GetCockpit), KEY));
    unnamed.is(400, Dialect::Management, "the operator's key has no project of its own");
    assert!(unnamed.says("project_id"), "{unnamed:?}");
}

fn bodies_that_are_no_json_are_refused_and_unknown_fields_are_not(target: &impl Target) {
    let takes = |route: &&Route| matches!(route.methods[0], Method::POST | Method::PUT);
    let takers = || managed().chain(administered()).filter(takes);
    for route in takers() {
        for body in ["{", "[]", "\"x\"", "{\"project_id\":}", "\u{0}"] {
            let request = Sent { body: body.into(), ..about(route, PROJECT, KEY) };
            target.send(&request).is(400, Dialect::Management, &format!("{} {body}", route.path));
        }
    }
    // About a project without a Cockpit, so that whoever understands the body says that, and changes nothing.
    for route in takers() {
        let request = about(route, OTHER, KEY);
        let mut body: Value = serde_json::from_slice(&request.body).unwrap();
        body["unknown"] = json!({"deep": [1]});
        let answer = target.send(&Sent { body: body.to_string().into(), ..request });
        let done = [Operation::ActivateCockpit, Operation::CreateApiKey].contains(&route.operation);
        let want = if done { 200 } else { 404 };
        assert_eq!(answer.status, want, "{}: {answer:?}", route.path);
        target.send(&about(row(Operation::DeactivateCockpit), OTHER, KEY));
    }
}

fn a_revoked_api_key_is_nobodys(target: &impl Target) {
    let created = create_key(target, PROJECT, "full");
    let (name, secret) = (text(&created, "access_key"), text(&created, "secret_key"));
    assert!(name.starts_with("SCW") && name.len() == 20, "{name}");
    let route = row(Operation::DeleteApiKey);
    let revoke = Sent { path: route.path.replace(":access_key", &name), ..about(route, PROJECT, KEY) };
    assert_eq!(target.send(&about(row(Operation::GetCockpit), PROJECT, &secret)).status, 200);
    assert_eq!(target.send(&revoke).status, 204);
    target.send(&about(row(Operation::GetCockpit), PROJECT, &secret)).is(401, Dialect::Management, "revoked");
    target.send(&revoke).is(404, Dialect::Management, "revoked twice");
}

#[test]
fn an_expired_api_key_is_told_so() {
    let world = World::new();
    let body = json!({"default_project_id": PROJECT, "expires_at": "2023-11-09T21:24:20Z"}).to_string().into();
    let created = world.send(&Sent { body, ..about(row(Operation::CreateApiKey), PROJECT, KEY) });
    let secret = text(&created, "secret_key");
    for route in managed() {
        assert_ne!(world.send(&request(route, vec![("x-auth-token", secret.clone())])).status, 401, "{}", route.path);
    }
    world.fake.pass(3_600);
    for route in managed() {
        let answer = world.send(&request(route, vec![("x-auth-token", secret.clone())]));
        answer.is(401, Dialect::Management, route.path);
        assert_eq!(text(&answer, "reason"), "expired", "{}", route.path);
    }
}

#[test]
fn what_was_done_is_on_the_trail_with_who_and_from_where() {
    let world = World::new();
    let key = create_key(&world, PROJECT, "full");
    let (name, secret) = (text(&key, "access_key"), text(&key, "secret_key"));
    let mut request = about(row(Operation::CreateContactPoint), PROJECT, &secret);
    request.headers.push(("spin-client-addr", "192.0.2.7:1".to_owned()));
    world.send(&request);
    let trail = world.send(&about(row(Operation::ListAuditEvents), PROJECT, &secret));
    let events = json_of(&trail)["events"].clone();
    assert_eq!((events[0]["actor"].as_str(), events[0]["origin"].as_str()), (Some(name.as_str()), Some("192.0.2.7")));
    let what = (events[0]["action"].as_str(), events[0]["resource_id"].as_str());
    assert_eq!(what, (Some("CreateContactPoint"), Some("row@example.org")));
    let issued = (events[1]["actor"].as_str(), events[1]["action"].as_str(), events[1]["resource_id"].as_str());
    assert_eq!(issued, (Some("admin"), Some("CreateApiKey"), Some(name.as_str())));
}

/// A token that may query what `{team="a"}` selects, and nothing else.
pub(crate) fn limited(target: &impl Target) -> String {
    let scopes = json!({"query_metrics": true, "query_logs": true});
    let body = json!({"project_id": PROJECT, "name": "row", "label_policy": "{team=\"a\"}", "scopes": scopes});
    let body = body.to_string().into();
    text(&target.send(&Sent { body, ..about(row(Operation::CreateToken), PROJECT, KEY) }), "secret_key")
}

#[test]
fn a_label_policy_is_told_to_a_backend_that_enforces_it_and_such_a_token_does_nothing_else() {
    for (enforces, want) in [("true", 200), ("false", 403)] {
        let world = World::with(&[("mimir_enforces_policies", enforces), ("loki_enforces_policies", enforces)]);
        let secret = limited(&world);
        for route in rows::relayed().filter(|route| route.operation.honours_policies()) {
            let answer = world.send(&rows::good(&world, &route));
            assert_eq!(answer.status, 200, "{}: {answer:?}", route.path);
            assert!(world.received().iter().all(|sent| !sent.contains_key("x-prom-label-policy")));
            let limited = Sent { headers: vec![("x-token", secret.clone())], ..rows::good(&world, &route) };
            let answer = world.send(&limited);
            assert_eq!(answer.status, want, "{}: {answer:?}", route.path);
            let policies: Vec<_> = world.received().iter().map(|sent| sent["x-prom-label-policy"].clone()).collect();
            let told = format!("{PROJECT}:%7Bteam%3D%22a%22%7D");
            assert!(policies.iter().all(|policy| *policy == told) && policies.len() == usize::from(want == 200));
        }
    }
}

#[test]
fn a_cockpit_that_is_being_removed_is_in_a_transient_state() {
    let world = World::new();
    belongings(&world);
    world.fake.kv.die_after(3);
    world.send(&about(row(Operation::DeactivateCockpit), PROJECT, KEY)).is(503, Dialect::Management, "deactivate");
    world.fake.kv.die_after(None);
    assert_eq!(text(&world.send(&about(row(Operation::GetCockpit), PROJECT, KEY)), "status"), "deleting");
    let unaffected = [
        Operation::DeactivateCockpit,
        Operation::DeleteToken,
        Operation::DeleteDatasource,
        Operation::GetCockpit,
        Operation::GetToken,
        Operation::ListAuditEvents,
        Operation::ListPlans,
        Operation::RotateToken,
    ];
    for route in managed().filter(|route| !unaffected.contains(&route.operation)) {
        let answer = world.send(&about(route, PROJECT, KEY));
        answer.is(409, Dialect::Management, route.path);
        assert_eq!(
            (text(&answer, "type"), text(&answer, "current_state")),
            ("transient_state".into(), "deleting".into())
        );
    }
    // Whoever removed it is gone, and the next may take over.
    world.fake.pass(121);
    assert_eq!(world.send(&about(row(Operation::ActivateCockpit), PROJECT, KEY)).status, 200);
    let tokens = json_of(&world.send(&about(row(Operation::ListTokens), PROJECT, KEY)));
    assert_eq!(tokens["total_count"], 0);
}
