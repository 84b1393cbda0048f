//! How much a Cockpit may send: plans, rates, active series and streams, and what was used.
//!
//! Pure, over the ports; knows no wire format and no HTTP. Whoever sends pays no write to the store for each
//! push: rates are spent from [leases](lease), active series are kept as [sets](active) that merge, and
//! [usage] is read off the leases. Start reading at [`Meter`], which a push function holds; [`plans`] is the one
//! table of limits.

#![forbid(unsafe_code)]

pub mod active;
pub mod amount;
mod bloom;
pub mod budget;
mod forget;
pub mod lease;
pub mod life;
pub mod meter;
pub mod plans;
pub mod rates;
pub mod roster;
pub mod rules;
pub mod set;
pub mod settings;
pub mod usage;

pub use active::locations::Locations;
pub use amount::Amount;
pub use budget::{Budget, Selector};
pub use forget::{forget, forget_token};
pub use meter::Meter;
pub use plans::{Limits, Plan};
pub use rates::Rate;
pub use settings::{Numbered, Settings};

use cockpit_core::ProjectId;

/// What is sent: each kind has its own rates, its own active set and its own usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Samples of time series.
    Metrics,
    /// Lines of log streams.
    Logs,
}

impl Signal {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Metrics, Self::Logs];

    /// What a project sends of it in an activation, in keys of the store and wherever usage is asked for. A deactivation
    /// that is slow removes what is of the activation that it ends, and an instance that does not know of it writes there.
    pub fn sender(self, project: ProjectId, epoch: u64) -> String {
        format!("{project}/{epoch}/{}", self.name())
    }

    /// The same of what is sent with a token that has limits of its own.
    pub fn sender_of_token(self, id: [u8; 16]) -> String {
        format!("token/{:032x}/{}", u128::from_be_bytes(id), self.name())
    }

    /// Which project's, of which activation and what it is, from a name; `None` if it is a token's.
    pub fn of_sender(sender: &str) -> Option<(ProjectId, u64, Self)> {
        let (project, rest) = sender.split_once('/')?;
        let (epoch, name) = rest.split_once('/')?;
        let signal = Self::ALL.into_iter().find(|signal| signal.name() == name)?;
        Some((ProjectId::parse(project)?, epoch.parse().ok()?, signal))
    }

    /// Its name in keys of the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }
}
