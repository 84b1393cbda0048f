//! `spin.toml` says what the tables of `cockpit_core` say, and grants nothing more.

use crate::tree;
use cockpit_core::{
    profiles::PROFILES,
    routes::{Access, FALLBACK, ROUTES},
};
use http::Method;
use std::collections::BTreeSet;
use toml::{Table, Value};

fn manifest() -> Table {
    tree::toml("spin.toml")
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).cloned().unwrap_or_default();
    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn component<'m>(manifest: &'m Table, name: &str) -> &'m Table {
    manifest["component"].get(name).and_then(Value::as_table).unwrap_or_else(|| panic!("no [component.{name}]"))
}

#[test]
fn its_routes_are_the_tables_without_repeats() {
    let manifest = manifest();
    let triggers = manifest["trigger"]["http"].as_array().unwrap();
    let listed: Vec<_> = triggers
        .iter()
        .map(|trigger| {
            (trigger["route"].as_str().unwrap().to_owned(), trigger["component"].as_str().unwrap().to_owned())
        })
        .collect();
    let unique: BTreeSet<_> = listed.iter().cloned().collect();
    let paths: BTreeSet<_> = listed.iter().map(|(route, _)| route).collect();
    assert_eq!(paths.len(), listed.len(), "a route stands twice, and only one of them would be used");
    let wanted: BTreeSet<_> = ROUTES
        .iter()
        .flat_map(|route| route.paths().into_iter().map(|path| (path, route.function.to_owned())))
        .chain([("/...".to_owned(), FALLBACK.to_owned())])
        .collect();
    assert_eq!(unique, wanted);
}

#[test]
fn every_function_is_a_component_a_profile_and_a_folder() {
    let manifest = manifest();
    let components: BTreeSet<_> = manifest["component"].as_table().unwrap().keys().cloned().collect();
    let profiles: BTreeSet<_> = PROFILES.iter().map(|profile| profile.function.to_owned()).collect();
    let functions: BTreeSet<_> = ROUTES.iter().map(|route| route.function.to_owned()).collect();
    let folders: BTreeSet<_> = tree::folders("functions").into_iter().collect();
    assert_eq!(components, profiles);
    assert_eq!(components, functions);
    assert_eq!(components, folders);
}

#[test]
fn components_get_what_their_profile_declares_and_no_more() {
    let manifest = manifest();
    for profile in PROFILES {
        let granted = component(&manifest, profile.function);
        assert_eq!(strings(granted.get("key_value_stores")), profile.stores, "{}", profile.function);
        let hosts: Vec<_> = profile.backends.iter().map(|name| format!("{{{{ {name} }}}}")).collect();
        assert_eq!(strings(granted.get("allowed_outbound_hosts")), hosts, "{}", profile.function);
        let variables: Vec<_> = granted["variables"].as_table().unwrap().iter().collect();
        let names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, profile.variables, "{}", profile.function);
        for (name, value) in variables {
            assert_eq!(value.as_str(), Some(format!("{{{{ {name} }}}}").as_str()), "{}", profile.function);
        }
    }
}

#[test]
fn every_variable_is_used_and_the_admin_key_is_a_secret() {
    let manifest = manifest();
    let declared: BTreeSet<_> = manifest["variables"].as_table().unwrap().keys().map(String::as_str).collect();
    let used: BTreeSet<_> = PROFILES.iter().flat_map(|profile| profile.variables).copied().collect();
    assert_eq!(declared, used);
    assert_eq!(manifest["variables"]["admin_key"]["secret"].as_bool(), Some(true));
}

#[test]
fn every_variable_is_explained_to_operators() {
    let readme = tree::read("README.md");
    for variable in manifest()["variables"].as_table().unwrap().keys() {
        assert!(readme.contains(&format!("`{variable}`")), "the README's table lacks {variable}");
    }
}

#[test]
fn whoever_takes_tokens_knows_how_long_a_revocation_may_take_and_whom_to_believe_about_callers() {
    for route in
        ROUTES.iter().filter(|route| matches!(route.access, Access::Holder(_) | Access::AnyToken | Access::Observer(_)))
    {
        let profile = PROFILES.iter().find(|profile| profile.function == route.function).unwrap();
        for variable in ["revocation_seconds", "trusted_proxies"] {
            assert!(profile.variables.contains(&variable), "{} {variable}", route.function);
        }
    }
}

#[test]
fn whoever_reads_bodies_knows_how_long_they_may_take() {
    let has_body = |method: &Method| matches!(*method, Method::POST | Method::PUT);
    for profile in PROFILES {
        let reads = ROUTES.iter().any(|route| route.function == profile.function && route.methods.iter().any(has_body));
        assert_eq!(profile.variables.contains(&"body_timeout"), reads, "{}", profile.function);
    }
}

#[test]
fn artefacts_and_build_commands_follow_the_names() {
    let manifest = manifest();
    for profile in PROFILES {
        let component = component(&manifest, profile.function);
        let artefact = format!("target/wasm32-wasip2/release/{}.wasm", profile.function.replace('-', "_"));
        assert_eq!(component["source"].as_str(), Some(artefact.as_str()));
        assert_eq!(
            component["build"]["command"].as_str(),
            Some(format!("scripts/build {}", profile.function).as_str())
        );
    }
}
