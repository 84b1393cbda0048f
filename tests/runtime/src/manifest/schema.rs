//! The shape of a Spin manifest, version 2, as far as this runtime honours it.
//!
//! A key that is not listed here is refused: Spin would act on it and this runtime would not.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `spin.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Must be the number 2.
    pub spin_manifest_version: toml::Value,
    /// `[application]`
    pub application: Application,
    /// `[variables]`
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// `[[trigger.http]]`
    pub trigger: Triggers,
    /// `[component.<id>]`
    #[serde(default)]
    pub component: BTreeMap<String, Component>,
}

/// `[application]`; everything but the name and the version is for people and other tools.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "listed so that they are accepted, not because they are used")]
pub struct Application {
    /// Shown by `/.well-known/spin/info`.
    pub name: String,
    /// Shown by `/.well-known/spin/info`.
    pub version: Option<String>,
    description: Option<String>,
    authors: Option<Vec<String>>,
    targets: Option<toml::Value>,
    tool: Option<toml::Table>,
}

/// One entry of `[variables]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// For people.
    pub description: Option<String>,
    /// The value must come from the environment.
    #[serde(default)]
    pub required: bool,
    /// The value when the environment has none.
    pub default: Option<String>,
    /// Every variable is treated as if this were set.
    #[serde(default)]
    pub secret: bool,
}

/// The trigger types; only HTTP exists here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// `[[trigger.http]]`
    pub http: Vec<HttpTrigger>,
}

/// One `[[trigger.http]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    /// An optional name, which nothing here refers to.
    pub id: Option<String>,
    /// A path pattern, or `{ private = true }`.
    pub route: toml::Value,
    /// The id of the component that answers.
    pub component: String,
    /// Only `{ type = "http" }`, which is the default.
    pub executor: Option<toml::Value>,
}

/// One `[component.<id>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "listed so that they are accepted, not because they are used")]
pub struct Component {
    /// Path of the wasm file, relative to the manifest.
    pub source: String,
    /// Where the component may send requests to; may hold templates.
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// Labels of the stores the component may open.
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    /// The component's configuration; values may hold templates.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Environment variables of the component.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    description: Option<String>,
    build: Option<toml::Table>,
    targets: Option<toml::Value>,
    tool: Option<toml::Table>,
}
