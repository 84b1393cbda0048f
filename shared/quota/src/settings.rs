//! What a Cockpit has chosen, as meters read it: its plan, and the budgets below its limits. One record of its
//! activation, so that a meter takes one read for all of it; whoever changes one of them writes it anew.

use crate::{
    budget::Budget,
    plans::{Limits, Plan},
};
use cockpit_core::{
    ConfigError, ProjectId,
    ports::{Config, Kv, StoreError},
    record::{self, Record},
};
use serde::{Deserialize, Serialize};

/// What a Cockpit has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    plan: &'static Plan,
    budgets: Vec<Numbered>,
}

/// A budget and the number by which its sets are kept. A number is given again after all others, so that a budget that
/// is set again begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// The number.
    pub number: u64,
    /// The budget.
    pub budget: Budget,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    plan: String,
    budgets: Vec<Numbered>,
}

impl Record for Stored {
    const WHAT: &'static str = "the settings";
    const VERSION: u8 = 1;
}

/// What a project has chosen in an activation; the default if nothing. One read.
pub async fn load(kv: &impl Kv, project: ProjectId, epoch: u64) -> Result<Settings, StoreError> {
    let Some(stored) = record::load::<Stored>(kv, &key(project, epoch)).await? else { return Ok(Settings::default()) };
    let plan = Plan::chosen(&stored.plan, project)?;
    Ok(Settings { plan, budgets: stored.budgets })
}

/// Replaces what a project has chosen.
pub async fn save(kv: &impl Kv, project: ProjectId, epoch: u64, settings: &Settings) -> Result<(), StoreError> {
    let Settings { plan, budgets } = settings;
    record::save(kv, &key(project, epoch), &Stored { plan: plan.name.into(), budgets: budgets.clone() }).await
}

/// Forgets what a project has chosen in an activation.
pub async fn remove(kv: &impl Kv, project: ProjectId, epoch: u64) -> Result<(), StoreError> {
    record::drop(kv, &key(project, epoch)).await
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(Plan::standard(), Vec::new())
    }
}

impl Settings {
    /// A plan and budgets.
    pub const fn new(plan: &'static Plan, budgets: Vec<Numbered>) -> Self {
        Self { plan, budgets }
    }

    /// The plan.
    pub const fn plan(&self) -> &'static Plan {
        self.plan
    }

    /// The limits in force: the plan's, with the operator's changes.
    pub async fn limits(&self, config: &impl Config) -> Result<Limits, ConfigError> {
        self.plan.limits.changed(config).await
    }

    /// The budgets, in the order in which they were set.
    pub fn budgets(&self) -> impl Iterator<Item = &Budget> {
        self.budgets.iter().map(|numbered| &numbered.budget)
    }

    pub(crate) fn numbered(&self) -> &[Numbered] {
        &self.budgets
    }
}

fn key(project: ProjectId, epoch: u64) -> String {
    format!("settings/{project}/{epoch}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Selector;
    use cockpit_fake::{Fake, run};

    const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

    #[test]
    fn what_was_chosen_is_kept_for_its_activation_and_the_rest_is_the_default() {
        let fake = Fake::new(&[]);
        assert_eq!(run(load(&fake, PROJECT, 1)).unwrap().plan(), Plan::standard());
        let selector = Selector::new([("team".to_owned(), "a".to_owned())]).unwrap();
        let budget = Budget { selector, active_series: Some(5), active_streams: None };
        let chosen = Settings::new(Plan::find("premium").unwrap(), vec![Numbered { number: 7, budget }]);
        run(save(&fake, PROJECT, 1, &chosen)).unwrap();
        assert_eq!(run(load(&fake, PROJECT, 1)).unwrap(), chosen);
        for (project, epoch) in [(PROJECT, 2), (ProjectId::from_bytes([8; 16]), 1)] {
            assert_eq!(run(load(&fake, project, epoch)).unwrap(), Settings::default());
        }
        run(remove(&fake, PROJECT, 1)).unwrap();
        assert_eq!(run(load(&fake, PROJECT, 1)).unwrap(), Settings::default());
    }

    #[test]
    fn settings_that_cannot_be_read_are_a_failing_store() {
        let fake = Fake::new(&[]);
        let plan = Stored { plan: "gold".into(), budgets: vec![] };
        run(record::save(&fake, &key(PROJECT, 1), &plan)).unwrap();
        assert!(run(load(&fake, PROJECT, 1)).is_err());
        run(fake.set(&key(PROJECT, 1), b"damaged")).unwrap();
        assert!(run(load(&fake, PROJECT, 1)).is_err());
    }
}
