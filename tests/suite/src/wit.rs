//! Every built component imports what its world grants, and nothing else.

use crate::tree;
use cockpit_core::routes::ROUTES;
use std::{collections::BTreeSet, fs};
use wasmparser::{Parser, Payload};
use wit_parser::{Resolve, WorldKey};

/// The world of each function.
const WORLDS: &[(&str, &str)] = &[
    ("cockpit", "management"),
    ("tokens", "management"),
    ("datasources", "management"),
    ("contact-points", "management"),
    ("managed-alerts", "push"),
    ("grafana-users", "management"),
    ("grafana-dashboards", "probe"),
    ("plans", "management"),
    ("budgets", "management"),
    ("audit", "management"),
    ("api-keys", "management"),
    ("metrics-push", "push"),
    ("metrics-query", "relay"),
    ("metrics-rules", "relay"),
    ("logs-push", "push"),
    ("logs-query", "relay"),
    ("logs-tail", "relay"),
    ("logs-rules", "relay"),
    ("alertmanager", "relay"),
    ("alertmanager-config", "relay"),
    ("authorize", "probe"),
    ("status", "probe"),
    ("self-metrics", "probe"),
    ("openapi", "probe"),
    ("console", "probe"),
];

/// What Rust's standard library and the SDK always import, none of which opens a way out: no folder is ever
/// preopened, and the old clock is there only where Debian's older libc is linked.
const BASELINE: &[&str] = &[
    "wasi:cli/",
    "wasi:clocks/types@0.3",
    "wasi:clocks/wall-clock@0.2",
    "wasi:filesystem/",
    "wasi:http/types@0.3",
    "wasi:io/",
    "wasi:random/insecure-seed@0.2",
];

fn imports(function: &str) -> BTreeSet<String> {
    let path = tree::root().join(format!("target/wasm32-wasip2/release/{}.wasm", function.replace('-', "_")));
    let wasm = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run scripts/build", path.display()));
    let mut names = BTreeSet::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&wasm).map(Result::unwrap) {
        match payload {
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) if depth > 0 => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                names.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    names
}

fn granted(world: &str) -> BTreeSet<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(tree::root().join("wit")).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let interfaces = resolve.worlds[world].imports.keys().map(|key| match key {
        WorldKey::Interface(id) => resolve.id_of(*id).unwrap(),
        WorldKey::Name(name) => panic!("{name} is not an interface"),
    });
    interfaces.collect()
}

fn beyond_baseline(names: BTreeSet<String>) -> BTreeSet<String> {
    names.into_iter().filter(|name| !BASELINE.iter().any(|always| name.starts_with(always))).collect()
}

#[test]
fn every_function_has_a_world() {
    let functions: BTreeSet<_> = ROUTES.iter().map(|route| route.function).collect();
    assert_eq!(functions, WORLDS.iter().map(|(function, _)| *function).collect());
}

#[test]
fn components_import_what_their_world_grants() {
    for (function, world) in WORLDS {
        assert_eq!(beyond_baseline(imports(function)), beyond_baseline(granted(world)), "{function} is no {world}");
    }
}
