use std::path::Path;

use super::{App, parse};
use crate::fault::Fault;

const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"cockpit\"\n";

fn app(rest: &str) -> Result<App, Fault> {
    parse(&format!("{HEAD}{rest}"), Path::new("/app/spin.toml"), |_| Ok(None))
}

fn check_refused(rest: &str, want: &str) {
    let fault = app(rest).expect_err(rest).to_string();
    assert!(fault.contains(want), "{rest}\ngave {fault}\nwithout {want:?}");
}

const GOOD: &str = r#"
[variables]
mimir_url = { default = "http://127.0.0.1:9009" }
token = { default = "hush", secret = true }

[[trigger.http]]
route = "/push"
component = "metrics-push"

[[trigger.http]]
route = { private = true }
component = "internal"

[component.metrics-push]
source = "out/metrics_push.wasm"
description = "remote write"
allowed_outbound_hosts = ["{{ mimir_url }}"]
key_value_stores = ["default"]
[component.metrics-push.variables]
upstream = "{{ mimir_url }}/api"
[component.metrics-push.build]
command = "cargo build"
watch = ["src/**/*.rs"]

[component.internal]
source = "/elsewhere/internal.wasm"
"#;

#[test]
fn a_manifest_is_read_and_its_templates_are_expanded() {
    let app = app(GOOD).unwrap();
    assert_eq!(app.name, "cockpit");
    let push = app.components.iter().find(|c| c.id == "metrics-push").unwrap();
    assert_eq!(push.source, Path::new("/app/out/metrics_push.wasm"));
    assert_eq!(push.variables["upstream"].reveal(), "http://127.0.0.1:9009/api");
    assert!(push.hosts.allows("http", "127.0.0.1", 9009));
    assert!(push.stores.contains("default"));
    assert_eq!(app.router.find("/push").unwrap().component(), "metrics-push");
}

#[test]
fn a_private_component_is_loaded_but_not_reachable() {
    let app = app(GOOD).unwrap();
    let internal = app.components.iter().find(|c| c.id == "internal").unwrap();
    assert_eq!(internal.source, Path::new("/elsewhere/internal.wasm"));
    assert!(app.router.find("/internal").is_none());
}

#[test]
fn a_repeated_route_is_reported_and_the_later_wins() {
    let app = app("[[trigger.http]]\nroute = \"/a\"\ncomponent = \"one\"\n\
         [[trigger.http]]\nroute = \"/a\"\ncomponent = \"two\"\n\
         [component.one]\nsource = \"a\"\n[component.two]\nsource = \"b\"\n")
    .unwrap();
    assert_eq!(app.router.find("/a").unwrap().component(), "two");
    assert!(app.warnings.iter().any(|w| w.contains("/a") && w.contains("one")));
}

#[test]
fn keys_that_would_be_ignored_are_refused_by_name() {
    let trigger = "[[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n";
    let component = |more: &str| format!("{trigger}[component.a]\nsource = \"a.wasm\"\n{more}");
    for key in ["files", "sqlite_databases", "ai_models", "exclude_files"] {
        check_refused(&component(&format!("{key} = []")), key);
    }
    check_refused(&component("[component.a.dependencies]\n\"a:b\" = \"1\""), "dependencies");
    check_refused(&component("[[trigger.redis]]\nchannel = \"c\""), "redis");
    check_refused(&component("[surprise]"), "surprise");
    check_refused("[application.trigger.http]\nbase = \"/b\"\n[trigger]\nhttp = []", "trigger");
}

#[test]
fn mistakes_are_named_with_their_place() {
    let with = |trigger: &str, component: &str| {
        format!("[[trigger.http]]\ncomponent = \"a\"\n{trigger}\n[component.a]\nsource = \"a\"\n{component}")
    };
    let route = "route = \"/\"";
    for (rest, want) in [
        ("[[trigger.http]]\nroute = \"/\"\ncomponent = \"b\"".to_owned(), "no such component"),
        (with("route = { private = false }", ""), "route"),
        (with("route = \"/\"\nexecutor = { type = \"wagi\" }", ""), "executor"),
        (with("route = \"/\"\nstatic_response = {}", ""), "static_response"),
        (with(route, "key_value_stores = [\"cache\"]"), "\"cache\""),
        (with(route, "allowed_outbound_hosts = [\"mimir\"]"), "allowed_outbound_hosts"),
        (with(route, "variables = { a = \"{{ nope }}\" }"), "unknown variable \"nope\""),
        (with(route, "variables = { A = \"x\" }"), "variables.A"),
        (
            "[trigger]
http = []
[component.a]
source = { url = \"u\" }"
                .to_owned(),
            "spin.toml:7",
        ),
        (format!("[variables]\nx = {{}}\n{}", with(route, "")), "[variables] x"),
        (format!("[variables]\nx = {{ required = true }}\n{}", with(route, "")), "SPIN_VARIABLE_X"),
        (with(route, "[component.Bad_Name]\nsource = \"b\""), "Bad_Name"),
    ] {
        check_refused(&rest, want);
    }
}

#[test]
fn only_version_two_is_understood() {
    for version in ["1", "\"2\"", "3"] {
        let text = format!("spin_manifest_version = {version}\n[application]\nname = \"a\"\n[trigger]\nhttp = []");
        let fault = parse(&text, Path::new("spin.toml"), |_| Ok(None)).unwrap_err().to_string();
        assert!(fault.contains("spin_manifest_version"), "{fault}");
    }
}

#[test]
fn a_mistake_is_reported_with_its_line_and_without_its_text() {
    let fault =
        app("[variables]\ntoken = { default = \"hush\", secret = true, surprise = 1 }\n").unwrap_err().to_string();
    assert!(fault.contains("spin.toml:5") && fault.contains("surprise"), "{fault}");
    assert!(!fault.contains("hush"), "{fault}");
}

#[test]
fn a_secret_never_shows_in_an_error() {
    let fault = app("[variables]\ntoken = { default = \"hush\", secret = true }\n\
         [[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n\
         [component.a]\nsource = \"a\"\nallowed_outbound_hosts = [\"{{ token }}\"]")
    .unwrap_err()
    .to_string();
    assert!(fault.contains("{{ token }}") && !fault.contains("hush"), "{fault}");
}
