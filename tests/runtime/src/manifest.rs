//! Reads a Spin manifest, checks it and resolves its templates.

pub(crate) mod name;
pub mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::hosts::AllowedHosts;
use crate::router::{Route, Router};
use crate::variables::{Template, Value, Variables};
use schema::{Document, HttpTrigger, Variable};

/// The only store that exists without a runtime configuration, in Spin and here.
pub const DEFAULT_STORE: &str = "default";

/// An application, ready to be compiled and served.
#[derive(Debug)]
pub struct App {
    /// `application.name`
    pub name: String,
    /// `application.version`
    pub version: Option<String>,
    /// Which component answers which path.
    pub router: Router,
    /// Every `[component.*]`.
    pub components: Vec<Component>,
    /// What deserves the operator's attention without preventing the start.
    pub warnings: Vec<String>,
}

/// One component and what it was granted.
#[derive(Clone, Debug)]
pub struct Component {
    /// The manifest's id.
    pub id: String,
    /// The wasm file.
    pub source: PathBuf,
    /// Where it may send requests to.
    pub hosts: AllowedHosts,
    /// Which stores it may open.
    pub stores: BTreeSet<String>,
    /// Its variables, resolved.
    pub variables: BTreeMap<String, Value>,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
}

/// Reads the manifest at `path`; `environment` answers for `SPIN_VARIABLE_…`.
pub fn load(path: &Path, environment: impl Fn(&str) -> Result<Option<String>, Fault>) -> Result<App, Fault> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Fault::new(path.display().to_string(), error, "give the path of a spin.toml"))?;
    parse(&text, path, environment)
}

/// As [`load`], for a manifest whose text is at hand; sources are relative to `path`'s folder.
pub fn parse(
    text: &str,
    path: &Path,
    environment: impl Fn(&str) -> Result<Option<String>, Fault>,
) -> Result<App, Fault> {
    let document: Document = toml::from_str(text).map_err(|error| unreadable(text, path, &error))?;
    check_version(&document.spin_manifest_version)?;
    check_variables(&document.variables)?;
    let variables = Variables::resolve(&document.variables, environment)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let components = document
        .component
        .iter()
        .map(|(id, component)| resolve(id, component, folder, &variables))
        .collect::<Result<Vec<_>, _>>()?;
    let routes = routes(&document.trigger.http, &document.component)?;
    let (router, warnings) = Router::build(routes)?;
    let schema::Application { name, version, .. } = document.application;
    Ok(App { name, version, router, components, warnings })
}

/// The error's own rendering quotes the line, which may hold the default of a secret.
fn unreadable(text: &str, path: &Path, error: &toml::de::Error) -> Fault {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let remedy = "use only the keys this runtime honours, or serve the application with Spin";
    Fault::new(format!("{}:{line}", path.display()), error.message(), remedy)
}

fn check_version(version: &toml::Value) -> Result<(), Fault> {
    if version.as_integer() == Some(2) {
        return Ok(());
    }
    let what = "only version 2 is supported";
    Err(Fault::new("spin_manifest_version", what, "use `spin_manifest_version = 2`"))
}

fn check_variables(declared: &BTreeMap<String, Variable>) -> Result<(), Fault> {
    for (name, variable) in declared {
        let place = format!("[variables] {name}");
        name::check(name, '_', true).map_err(|what| Fault::new(&place, what, "rename the variable"))?;
        if variable.required == variable.default.is_some() {
            let remedy = "give the variable either `required = true` or a `default`, not both";
            return Err(Fault::new(place, "`required` and `default` contradict each other", remedy));
        }
    }
    Ok(())
}

fn resolve(id: &str, component: &schema::Component, folder: &Path, variables: &Variables) -> Result<Component, Fault> {
    let place = format!("[component.{id}]");
    name::check(id, '-', false).map_err(|what| Fault::new(&place, what, "rename the component"))?;
    Ok(Component {
        id: id.to_owned(),
        source: folder.join(&component.source),
        hosts: AllowedHosts::resolve(&component.allowed_outbound_hosts, variables).map_err(|what| {
            let remedy = "write <scheme>://<host>[:<port>], with `*` for any of the three";
            Fault::new(format!("{place} allowed_outbound_hosts"), what, remedy)
        })?,
        stores: stores(&place, &component.key_value_stores)?,
        variables: configuration(&place, &component.variables, variables)?,
        environment: component.environment.clone(),
    })
}

fn stores(place: &str, labels: &[String]) -> Result<BTreeSet<String>, Fault> {
    match labels.iter().find(|label| *label != DEFAULT_STORE) {
        None => Ok(labels.iter().cloned().collect()),
        Some(label) => Err(Fault::new(
            format!("{place} key_value_stores"),
            format!("the store {label:?} does not exist"),
            "only the label \"default\" exists without a runtime configuration",
        )),
    }
}

fn configuration(
    place: &str,
    templates: &BTreeMap<String, String>,
    variables: &Variables,
) -> Result<BTreeMap<String, Value>, Fault> {
    let expand = |name: &str, template: &str| -> Result<Value, String> {
        name::check(name, '_', true)?;
        variables.expand(&Template::parse(template)?)
    };
    let mut resolved = BTreeMap::new();
    for (name, template) in templates {
        let value = expand(name, template).map_err(|what| {
            let remedy = "refer to variables of the application's [variables] as {{ name }}";
            Fault::new(format!("{place} variables.{name}"), what, remedy)
        })?;
        resolved.insert(name.clone(), value);
    }
    Ok(resolved)
}

fn routes(triggers: &[HttpTrigger], components: &BTreeMap<String, schema::Component>) -> Result<Vec<Route>, Fault> {
    let mut routes = Vec::new();
    for trigger in triggers {
        let place = format!("[[trigger.http]] component = {:?}", trigger.component);
        if !components.contains_key(&trigger.component) {
            let remedy = "add the component's table or correct the name";
            return Err(Fault::new(place, "no such component", remedy));
        }
        check_executor(&place, trigger.executor.as_ref())?;
        if let Some(pattern) = pattern(&place, &trigger.route)? {
            routes.push(Route::new(pattern, trigger.component.clone()));
        }
    }
    Ok(routes)
}

fn check_executor(place: &str, executor: Option<&toml::Value>) -> Result<(), Fault> {
    let Some(executor) = executor else {
        return Ok(());
    };
    let kind = executor.get("type").and_then(toml::Value::as_str);
    match (kind, executor.as_table().map(toml::Table::len)) {
        (Some("http"), Some(1)) => Ok(()),
        _ => Err(Fault::new(
            format!("{place} executor"),
            "only components that export wasi:http/handler are served",
            "leave the executor out, or write { type = \"http\" }",
        )),
    }
}

/// The route's pattern; `None` for a private endpoint, which no request reaches.
fn pattern(place: &str, route: &toml::Value) -> Result<Option<String>, Fault> {
    if let Some(pattern) = route.as_str() {
        return Ok(Some(pattern.to_owned()));
    }
    let private = route.get("private").and_then(toml::Value::as_bool) == Some(true);
    if private && route.as_table().map(toml::Table::len) == Some(1) {
        return Ok(None);
    }
    let remedy = "write a path such as \"/api/...\", or { private = true }";
    Err(Fault::new(format!("{place} route"), "neither a path nor a private endpoint", remedy))
}

#[cfg(test)]
mod tests;
