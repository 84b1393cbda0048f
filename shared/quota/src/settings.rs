//! What a Cockpit has chosen: its plan, and the budgets below its limits. One record for each project.

use crate::{
    budget::{Budget, MOST, Selector},
    plans::{Limits, Plan},
    record::{self, Record},
};
use cockpit_core::{
    ConfigError, ProjectId,
    ports::{Config, Kv, StoreError},
};
use serde::{Deserialize, Serialize};

/// A change is tried this often until it is seen to have stayed: another may have been made at the same moment.
const LOOKS: usize = 4;

/// Budgets have so many numbers, so that sets of budgets that are no more do not pile up.
const NUMBERS: u32 = 256;

/// What a Cockpit has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    plan: &'static Plan,
    budgets: Vec<Numbered>,
    next: u32,
}

/// A budget and the number by which its sets are kept. A number is given again after all others, so that a budget that
/// is set again begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbered {
    pub(crate) number: u32,
    pub(crate) budget: Budget,
}

/// A project has as many budgets as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyBudgets;

#[derive(Serialize, Deserialize)]
struct Stored {
    plan: String,
    budgets: Vec<Numbered>,
    next: u32,
}

impl Record for Stored {
    const WHAT: &'static str = "the settings";
    const VERSION: u8 = 1;
}

/// What a project has chosen; the default if nothing. One read.
pub async fn load(kv: &impl Kv, project: ProjectId) -> Result<Settings, StoreError> {
    let Some(stored) = record::load::<Stored>(kv, &key(project)).await? else { return Ok(Settings::default()) };
    let plan = Plan::find(&stored.plan).ok_or_else(|| StoreError(format!("{project} is on a plan that is no more")))?;
    Ok(Settings { plan, budgets: stored.budgets, next: stored.next })
}

/// Replaces what a project has chosen.
pub async fn save(kv: &impl Kv, project: ProjectId, settings: &Settings) -> Result<(), StoreError> {
    let Settings { plan, budgets, next } = settings;
    record::save(kv, &key(project), &Stored { plan: plan.name.into(), budgets: budgets.clone(), next: *next }).await
}

/// Forgets what a project has chosen.
pub async fn remove(kv: &impl Kv, project: ProjectId) -> Result<(), StoreError> {
    kv.delete(&key(project)).await
}

/// The numbers by which sets of budgets may be kept.
pub(crate) async fn numbers(kv: &impl Kv, project: ProjectId) -> Result<impl Iterator<Item = u32>, StoreError> {
    let stored = record::salvage::<Stored>(kv, &key(project)).await?;
    Ok(0..stored.map_or(0, |stored| stored.next.min(NUMBERS)))
}

/// Changes what a project has chosen, until the change is seen to have stayed. `change` must come to the same if it
/// is made twice.
pub async fn change<E: From<StoreError>>(
    kv: &impl Kv,
    project: ProjectId,
    change: impl Fn(Settings) -> Result<Settings, E>,
) -> Result<Settings, E> {
    for _ in 0..LOOKS {
        let before = load(kv, project).await?;
        let after = change(before.clone())?;
        if after == before {
            return Ok(after);
        }
        save(kv, project, &after).await?;
    }
    Err(StoreError(format!("the settings of {project} are being changed by too many at once")).into())
}

impl Default for Settings {
    fn default() -> Self {
        Self { plan: Plan::standard(), budgets: Vec::new(), next: 0 }
    }
}

impl Settings {
    /// The plan.
    pub const fn plan(&self) -> &'static Plan {
        self.plan
    }

    /// The limits in force: the plan's, with the operator's changes.
    pub async fn limits(&self, config: &impl Config) -> Result<Limits, ConfigError> {
        self.plan.limits.changed(config).await
    }

    /// The same on another plan.
    #[must_use]
    pub fn with_plan(self, plan: &'static Plan) -> Self {
        Self { plan, ..self }
    }

    /// The budgets, in the order in which they were set.
    pub fn budgets(&self) -> impl Iterator<Item = &Budget> {
        self.numbered().iter().map(|numbered| &numbered.budget)
    }

    pub(crate) fn numbered(&self) -> &[Numbered] {
        &self.budgets
    }

    /// The same with a budget; it takes the place of one with the same selector.
    pub fn with_budget(mut self, budget: Budget) -> Result<Self, TooManyBudgets> {
        if let Some(old) = self.budgets.iter_mut().find(|old| old.budget.selector == budget.selector) {
            old.budget = budget;
            return Ok(self);
        }
        if self.budgets.len() >= MOST {
            return Err(TooManyBudgets);
        }
        let number = self.take_number();
        self.budgets.push(Numbered { number, budget });
        Ok(self)
    }

    fn take_number(&mut self) -> u32 {
        loop {
            let number = self.next % NUMBERS;
            self.next = self.next.checked_add(1).unwrap_or(NUMBERS);
            if self.budgets.iter().all(|taken| taken.number != number) {
                return number;
            }
        }
    }

    /// The same without the budget of this selector.
    #[must_use]
    pub fn without_budget(mut self, selector: &Selector) -> Self {
        self.budgets.retain(|numbered| numbered.budget.selector != *selector);
        self
    }
}

fn key(project: ProjectId) -> String {
    format!("settings/{project}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, both, run};

    const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

    fn budget(team: &str, series: u64) -> Budget {
        let selector = Selector::new([("team".to_owned(), team.to_owned())]).unwrap();
        Budget { selector, active_series: Some(series), active_streams: None }
    }

    async fn set(fake: &Fake, budget: Budget) -> Result<Settings, StoreError> {
        let set = |settings: Settings| settings.with_budget(budget.clone()).map_err(|_| StoreError("too many".into()));
        change(fake, PROJECT, set).await
    }

    #[test]
    fn what_was_chosen_is_kept_and_the_rest_is_the_default() {
        let fake = Fake::new(&[]);
        assert_eq!(run(load(&fake, PROJECT)).unwrap().plan(), Plan::standard());
        let chosen = Settings::default().with_plan(Plan::find("premium").unwrap());
        let chosen = chosen.with_budget(budget("a", 5)).unwrap();
        run(save(&fake, PROJECT, &chosen)).unwrap();
        assert_eq!(run(load(&fake, PROJECT)).unwrap(), chosen);
        assert_eq!(run(load(&fake, ProjectId::from_bytes([8; 16]))).unwrap(), Settings::default());
        run(remove(&fake, PROJECT)).unwrap();
        assert_eq!(run(load(&fake, PROJECT)).unwrap(), Settings::default());
    }

    #[test]
    fn settings_that_cannot_be_read_are_a_failing_store() {
        let fake = Fake::new(&[]);
        let plan = Stored { plan: "gold".into(), budgets: vec![], next: 0 };
        run(record::save(&fake, &key(PROJECT), &plan)).unwrap();
        assert!(run(load(&fake, PROJECT)).is_err());
        run(fake.set(&key(PROJECT), b"damaged")).unwrap();
        assert!(run(load(&fake, PROJECT)).is_err());
    }

    #[test]
    fn a_selector_has_one_budget_and_a_budget_one_number() {
        let settings = Settings::default().with_budget(budget("a", 1)).unwrap().with_budget(budget("b", 2)).unwrap();
        let settings = settings.with_budget(budget("a", 3)).unwrap();
        assert_eq!(settings.budgets().map(|budget| budget.active_series).collect::<Vec<_>>(), [Some(3), Some(2)]);
        let settings = settings.without_budget(&budget("a", 0).selector).with_budget(budget("a", 1)).unwrap();
        assert_eq!(settings.numbered().iter().map(|numbered| numbered.number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn the_number_of_a_budget_is_given_again_after_all_others() {
        let settings = Settings::default().with_budget(budget("a", 1)).unwrap();
        let again =
            |settings: Settings| settings.without_budget(&budget("b", 1).selector).with_budget(budget("b", 1)).unwrap();
        let number = |settings: &Settings| settings.numbered().last().map(|numbered| numbered.number);
        let settings = (1..NUMBERS).fold(settings, |settings, round| {
            let settings = again(settings);
            assert_eq!(number(&settings), Some(round));
            settings
        });
        assert_eq!(number(&again(settings)), Some(1), "0 is taken");
    }

    #[test]
    fn a_project_has_so_many_budgets_and_no_more() {
        let full = (0..MOST).try_fold(Settings::default(), |all, team| all.with_budget(budget(&team.to_string(), 1)));
        assert_eq!(full.clone().unwrap().with_budget(budget("more", 1)), Err(TooManyBudgets));
        assert!(full.unwrap().with_budget(budget("0", 2)).is_ok());
    }

    #[test]
    fn of_two_changes_at_once_both_stay() {
        let fake = Fake::new(&[]);
        let (one, two) = run(both(set(&fake, budget("a", 1)), set(&fake, budget("b", 2))));
        one.unwrap();
        two.unwrap();
        assert_eq!(run(load(&fake, PROJECT)).unwrap().budgets().count(), 2);
    }
}
