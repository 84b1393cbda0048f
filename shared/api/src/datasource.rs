//! The Datasource object, its list, and the body that makes one.

use crate::{
    cockpit::Endpoints,
    request::{Query, UUID, chosen, name, project, required},
};
use cockpit_core::{ProjectId, Refusal};
use cockpit_state::datasources::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The types, by the names they have in the API.
const KINDS: &[(&str, Kind)] =
    &[("metrics", Kind::Metrics), ("logs", Kind::Logs), ("traces", Kind::Traces), ("alerts", Kind::Alerts)];

/// What clients send that want no filter.
const ANY: &str = "unknown_datasource_type";

/// A datasource.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Datasource {
    /// Its UUID.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// The UUID of its project.
    #[schemars(extend("format" = "uuid"))]
    pub project_id: String,
    /// Its name.
    pub name: String,
    /// Where its data is, below which clients append their paths.
    pub url: String,
    /// `metrics`, `logs`, `traces` or `alerts`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Always false: a gateway of one's own is managed by its owner.
    pub is_managed_by_scaleway: bool,
    /// Whether it is the one of its type to use where none is named.
    pub is_default: bool,
}

impl Datasource {
    /// The object of a stored datasource.
    pub fn new(stored: &cockpit_state::Datasource, endpoints: &Endpoints) -> Self {
        let url = match stored.kind {
            Kind::Metrics => &endpoints.metrics_url,
            Kind::Logs => &endpoints.logs_url,
            Kind::Traces => &endpoints.traces_url,
            Kind::Alerts => &endpoints.alertmanager_url,
        };
        let kind = KINDS.iter().find(|(_, kind)| *kind == stored.kind).map_or(ANY, |(name, _)| *name);
        Self {
            id: stored.id().to_string(),
            project_id: stored.project().to_string(),
            name: stored.name.clone(),
            url: url.clone(),
            kind,
            is_managed_by_scaleway: false,
            is_default: stored.is_default,
        }
    }
}

/// One page of a project's datasources.
#[derive(Debug, JsonSchema, Serialize)]
pub struct DatasourceList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub datasources: Vec<Datasource>,
}

/// The body of a datasource's creation.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct CreateDatasource {
    /// The project's UUID; the API key's own if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    project_id: Option<String>,
    /// What it is called.
    #[schemars(required, length(min = 1, max = 255), regex(pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    name: Option<String>,
    /// `metrics`, `logs`, `traces` or `alerts`.
    #[serde(rename = "type")]
    #[schemars(required, extend("enum" = ["metrics", "logs", "traces", "alerts"]))]
    kind: Option<String>,
    /// Whether it is the one of its type to use where none is named.
    is_default: Option<bool>,
}

impl CreateDatasource {
    /// The project, if one is named, the name, the type, and whether it is a default.
    pub fn checked(self) -> Result<(Option<ProjectId>, String, Kind, bool), Refusal> {
        let kind = chosen("type", &required("type", self.kind)?, KINDS)?;
        let project = project(self.project_id.as_deref())?;
        Ok((project, name("name", self.name)?, kind, self.is_default.unwrap_or(false)))
    }
}

/// Which datasources are asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct DatasourceFilter {
    kinds: Vec<Kind>,
    managed: Option<bool>,
}

impl DatasourceFilter {
    /// Reads `types` and `is_managed_by_scaleway`.
    pub fn parse(query: &Query) -> Result<Self, Refusal> {
        let named = query.values("types").filter(|name| !name.is_empty() && *name != ANY);
        let kinds = named.map(|name| chosen("types", name, KINDS)).collect::<Result<_, _>>()?;
        Ok(Self { kinds, managed: query.flag("is_managed_by_scaleway")? })
    }

    /// Whether a datasource is one of them.
    pub fn admits(&self, datasource: &cockpit_state::Datasource) -> bool {
        self.managed != Some(true) && (self.kinds.is_empty() || self.kinds.contains(&datasource.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn a_creation_needs_a_name_and_a_type() {
        let create = |json: &str| body::<CreateDatasource>(json.as_bytes()).unwrap().checked();
        let (project, name, kind, default) = create(r#"{"name":"n","type":"logs","is_default":true}"#).unwrap();
        assert_eq!((project, name.as_str(), kind, default), (None, "n", Kind::Logs, true));
        for (json, want) in [
            (r#"{"name":"n"}"#, "type: is required"),
            (r#"{"name":"n","type":"unknown_datasource_type"}"#, "type: must be one of metrics"),
            (r#"{"type":"logs"}"#, "name: is required"),
        ] {
            let text = create(json).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }

    #[test]
    fn a_filter_is_read_as_the_sdks_write_it() {
        let parse = |text: &str| DatasourceFilter::parse(&Query::parse(text));
        let all = DatasourceFilter { kinds: vec![], managed: None };
        assert_eq!(parse("").unwrap(), all);
        assert_eq!(parse("types=unknown_datasource_type").unwrap(), all);
        let two = DatasourceFilter { kinds: vec![Kind::Metrics, Kind::Logs], managed: Some(false) };
        assert_eq!(parse("types=metrics&types=logs&is_managed_by_scaleway=False").unwrap(), two);
        assert!(parse("types=nothing").is_err());
    }
}
