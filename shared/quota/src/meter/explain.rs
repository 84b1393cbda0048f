//! How much of each limit is used, for `explain` and for refusals.

use super::{Meter, Ports};
use crate::{
    Signal,
    active::view::{Limit, View},
    usage::counters,
};
use cockpit_core::Refusal;
use std::borrow::Cow;

/// How much of a limit is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Whose limit it is: the Cockpit's, the token's or a budget's.
    pub owner: Cow<'static, str>,
    /// What is limited, as in "samples".
    pub what: &'static str,
    /// How many were sent in this window, or given out to those that will send them; how many exist.
    pub used: u64,
    /// How many there may be.
    pub limit: u64,
    /// Seconds of a window; 0 if the limit is on what exists at once.
    pub window: u64,
}

impl<P: Ports> Meter<'_, P> {
    /// How much is used of each limit on the push, those of budgets included; of rates, in the window that it is.
    pub async fn usage(&self) -> Result<Vec<Used>, Refusal> {
        let mut all = Vec::new();
        for account in self.accounts() {
            let (rate, owner) = (&account.rate, Cow::Borrowed(account.owner));
            let given = counters::given(self.ports, &account.sender, rate.window(self.ports.now()).start).await?;
            let in_window = |what, used: u64, limit: u64| Used {
                owner: owner.clone(),
                what,
                used: used.min(limit),
                limit,
                window: rate.window,
            };
            let (units, pushes) = account.budgets();
            all.extend(units.map(|limit| in_window(self.unit(), given.units, limit)));
            all.extend(pushes.map(|limit| in_window("pushes", given.requests, limit)));
        }
        self.with_view((), View::want_all);
        self.look().await?;
        let budgets = (0..self.chosen.budgets.rows().len()).map(Limit::Budget);
        all.extend([Limit::Whole].into_iter().chain(budgets).map(|limit| self.used_of(limit)));
        Ok(all)
    }

    /// How much of a limit on what exists at once is used.
    pub(super) fn used_of(&self, limit: Limit) -> Used {
        let used = self.with_view(0, |view| view.taken(limit));
        let row = match limit {
            Limit::Whole => None,
            Limit::Budget(place) => self.chosen.budgets.rows().get(place),
        };
        let whole = self.allowance.active;
        let (owner, limit) = match row {
            Some(row) => (Cow::Owned(format!("budget {}", row.selector)), row.limit(whole)),
            None => ("cockpit".into(), whole),
        };
        Used { owner, what: self.counted(), used, limit, window: 0 }
    }

    /// Why series or streams were cut out last, in a few words.
    pub fn excess(&self) -> String {
        let Used { owner, used, limit, .. } = self.used_of(self.excess.get().unwrap_or(Limit::Whole));
        format!("the {owner} has {used} of {limit}")
    }

    const fn counted(&self) -> &'static str {
        match self.signal {
            Signal::Metrics => "active series",
            Signal::Logs => "active streams",
        }
    }
}
