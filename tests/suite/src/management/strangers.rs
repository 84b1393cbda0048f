//! What a key learns of projects that it is not bound to: nothing.

use super::{OTHER, about, belongings, filled, json_of, key, managed, row, text};
use crate::rows::{self, Answer, KEY, PROJECT, Sent, Target};
use cockpit_core::{Dialect, Operation};
use serde_json::{Value, json};

/// A project that never had a Cockpit.
const NOBODYS: &str = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a";

/// All that an answer tells but the id that was asked for and the answer's own.
fn shape(answer: &Answer) -> (u16, Vec<String>, Value) {
    let names = answer.headers.keys().filter(|name| *name != "date" && *name != "content-length");
    let mut body = json_of(answer);
    for id in ["request_id", "resource_id"] {
        body[id] = json!("");
    }
    (answer.status, names.map(ToString::to_string).collect(), body)
}

pub(super) fn a_project_that_is_not_the_callers_looks_as_if_it_were_not_there(target: &impl Target) {
    let (belongings, stranger) = (belongings(target), key(target, OTHER, "full"));
    let lists = || {
        [Operation::ListTokens, Operation::ListDatasources, Operation::ListGrafanaUsers]
            .map(|operation| json_of(&target.send(&about(row(operation), PROJECT, KEY)))["total_count"].clone())
    };
    let before = lists();
    for route in managed().filter(|route| route.operation != Operation::ListPlans) {
        let request = about(route, PROJECT, &stranger);
        let path = request.path.replace(&rows::concrete(route.path), &filled(route.path, &belongings));
        let answer = target.send(&Sent { path, ..request });
        answer.is(404, Dialect::Management, route.path);
        assert_eq!(text(&answer, "type"), "not_found", "{}", route.path);
        let nothing = target.send(&about(route, NOBODYS, &stranger));
        assert_eq!(shape(&answer), shape(&nothing), "{}", route.path);
    }
    assert_eq!(lists(), before, "a stranger changed something");
    let cockpit = target.send(&about(row(Operation::GetCockpit), PROJECT, KEY));
    assert_eq!(text(&cockpit, "status"), "ready");
}
