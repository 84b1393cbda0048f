//! The dependency arrows, the one crate that names the SDK, the size of files, the licences.

use crate::tree;
use std::{collections::BTreeSet, path::Path, process::Command};

/// Which of our crates a crate may use in its program; tests may use any.
const ARROWS: &[(&str, &[&str])] = &[
    ("shared/core", &[]),
    ("shared/quota", &["cockpit-core"]),
    ("shared/state", &["cockpit-core"]),
    ("shared/wire", &[]),
    ("shared/api", &["cockpit-core", "cockpit-quota", "cockpit-state"]),
    ("shared/auth", &["cockpit-core", "cockpit-state"]),
    ("shared/gate", &["cockpit-api", "cockpit-auth", "cockpit-core"]),
    ("shared/host", &["cockpit-core", "cockpit-gate"]),
    (
        "shared/manage",
        &["cockpit-api", "cockpit-auth", "cockpit-core", "cockpit-gate", "cockpit-quota", "cockpit-state"],
    ),
    ("shared/setup", &["cockpit-core", "cockpit-gate"]),
    ("shared/push", &["cockpit-core", "cockpit-gate", "cockpit-quota", "cockpit-wire"]),
    ("shared/otlp", &["cockpit-core", "cockpit-gate", "cockpit-push", "cockpit-quota", "cockpit-wire"]),
    ("shared/fake", &["cockpit-core"]),
];

/// What a function may use; another function it may not.
const FUNCTION: &[&str] = &[
    "cockpit-api",
    "cockpit-auth",
    "cockpit-core",
    "cockpit-gate",
    "cockpit-host",
    "cockpit-manage",
    "cockpit-otlp",
    "cockpit-push",
    "cockpit-quota",
    "cockpit-setup",
    "cockpit-state",
    "cockpit-wire",
];

/// The most lines of a file before its tests; 250 is the aim, more than 400 wants a reason.
const FILE_LINES: usize = 400;

fn ours() -> BTreeSet<String> {
    let shared = tree::folders("shared").into_iter().map(|name| format!("cockpit-{name}"));
    shared
        .chain(tree::folders("functions"))
        .chain(tree::folders("tests").iter().map(|name| format!("cockpit-{name}")))
        .collect()
}

/// The names in every `[dependencies]` table of a manifest, target-specific ones included.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = tree::toml(format!("{folder}/Cargo.toml"));
    let mut names: BTreeSet<String> = keys(manifest.get("dependencies"));
    for target in
        manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|targets| targets.values())
    {
        names.extend(keys(target.get("dependencies")));
    }
    names
}

fn keys(table: Option<&toml::Value>) -> BTreeSet<String> {
    table.and_then(toml::Value::as_table).into_iter().flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn the_arrows_hold() {
    let ours = ours();
    let known: Vec<_> = ARROWS.iter().map(|(folder, _)| folder.trim_start_matches("shared/").to_owned()).collect();
    assert_eq!(
        BTreeSet::from_iter(tree::folders("shared")),
        BTreeSet::from_iter(known),
        "every shared crate has arrows"
    );
    let functions = tree::folders("functions").into_iter().map(|name| (format!("functions/{name}"), FUNCTION));
    for (folder, allowed) in ARROWS.iter().map(|(folder, to)| ((*folder).to_owned(), *to)).chain(functions) {
        for name in dependencies(&folder).intersection(&ours) {
            assert!(allowed.contains(&name.as_str()), "{folder} must not depend on {name}");
        }
    }
}

#[test]
fn only_the_host_names_the_sdk() {
    for folder in ["shared", "functions"] {
        for file in tree::rust_files(folder) {
            let text = tree::read(&file);
            let named = ["spin_sdk", "wit_bindgen", "wasip3"].iter().any(|name| text.contains(name));
            assert!(!named || file.starts_with("shared/host"), "{}", file.display());
        }
    }
}

#[test]
fn a_function_is_a_doorway() {
    for function in tree::folders("functions") {
        let text = tree::read(format!("functions/{function}/src/lib.rs"));
        assert!(text.lines().count() <= 20, "functions/{function}/src/lib.rs has more than 20 lines");
        assert!(!text.contains("fn "), "functions/{function}/src/lib.rs does something itself");
    }
}

#[test]
fn files_stay_readable() {
    for folder in ["shared", "functions", "tests"] {
        for file in tree::rust_files(folder) {
            let text = tree::read(&file);
            let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
            assert!(lines <= FILE_LINES, "{} has {lines} lines before its tests", file.display());
        }
    }
    for script in std::fs::read_dir(tree::root().join("scripts")).unwrap().map(Result::unwrap) {
        let lines = tree::read(script.path()).lines().count();
        assert!(lines <= 60, "{} has {lines} lines", script.path().display());
    }
}

#[test]
fn versions_stand_in_the_root_manifest_only() {
    for folder in ["shared", "functions", "tests"] {
        for name in tree::folders(folder) {
            let text = tree::read(Path::new(folder).join(name).join("Cargo.toml"));
            let own = text.lines().find(|line| line.starts_with("version = ") || line.contains("{ version"));
            assert_eq!(own, None, "{folder}");
        }
    }
}

/// Licences that may be built into what we distribute.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "MIT",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unlicense",
    "CC0-1.0",
    "MIT-0",
    "Unicode-3.0",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "Apache-2.0 WITH LLVM-exception",
    // The fuzzer's, which is in nothing that runs.
    "NCSA",
    // Used unchanged by the local runtime's router, which is Spin's own.
    "MPL-2.0+",
];

#[test]
fn dependencies_come_from_the_registry_under_known_licences() {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(["metadata", "--format-version=1", "--locked"]).current_dir(tree::root()).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for package in metadata["packages"].as_array().unwrap().iter().filter(|package| !package["source"].is_null()) {
        let name = package["name"].as_str().unwrap();
        assert!(package["source"].as_str().unwrap().starts_with("registry+"), "{name} is not from the registry");
        let licence = package["license"].as_str().unwrap_or_else(|| panic!("{name} states no licence"));
        assert!(allowed(licence), "{name} is under {licence}");
    }
}

/// Whether an SPDX expression can be met: of alternatives one, of conjunctions all.
fn allowed(licence: &str) -> bool {
    let plain = licence.replace('/', " OR ").replace(['(', ')'], "");
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(|part| LICENCES.contains(&part.trim())))
}
