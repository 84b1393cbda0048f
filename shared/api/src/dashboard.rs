//! The Dashboard object and its list.

use cockpit_core::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dashboard that the operator keeps in Grafana for everybody.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
pub struct Dashboard {
    /// Its name, by which it is asked for.
    pub dashboard_name: String,
    /// What it shows, in a few words.
    pub title: String,
    /// Where it is.
    pub url: String,
    /// What it is about.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The variables it can be opened with.
    #[serde(default)]
    pub variables: Vec<String>,
}

/// One page of the dashboards.
#[derive(Debug, JsonSchema, Serialize)]
pub struct DashboardList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub dashboards: Vec<Dashboard>,
}

impl Dashboard {
    /// The operator's dashboards: a JSON array of such objects, or nothing.
    pub fn configured(text: &str) -> Result<Vec<Self>, ConfigError> {
        if text.trim().is_empty() {
            return Ok(vec![]);
        }
        serde_json::from_str(text).map_err(|cause| ConfigError(format!("grafana_dashboards: {cause}")))
    }

    /// Whether it has all of these tags.
    pub fn has(&self, tags: &[&str]) -> bool {
        tags.iter().all(|tag| self.tags.iter().any(|own| own == tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashboards_are_what_the_operator_lists() {
        assert_eq!(Dashboard::configured(" ").unwrap(), []);
        let text = r#"[{"dashboard_name":"ingest","title":"Ingest","url":"http://g/d/1","tags":["a","b"]}]"#;
        let [dashboard] = Dashboard::configured(text).unwrap().try_into().unwrap();
        assert!(dashboard.has(&[]) && dashboard.has(&["b", "a"]) && !dashboard.has(&["a", "c"]));
        assert!(Dashboard::configured("{").is_err());
    }
}
