//! Locations: where a gateway serves in several, and the store of each learns late of what is written in the others.
//!
//! Of two that write to one key before they know of each other, one loses all that it wrote. So each location has slots of
//! its own, and reads those of all: their union is what is active.

use cockpit_core::{ConfigError, ports::Config};
use std::rc::Rc;

/// The most locations, and the most letters of a name.
const MOST: usize = 32;

/// The locations that share a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locations {
    own: String,
    /// All of them in the order of their names, which is the same everywhere; none if there is only one.
    all: Rc<[String]>,
}

impl Locations {
    /// What the operator says: the variable `locations` names this one first, then all others.
    pub async fn read(config: &impl Config) -> Result<Self, ConfigError> {
        let text = config.variable("locations").await?.unwrap_or_default();
        let mut all: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        let own = all.first().cloned().unwrap_or_default();
        all.sort_unstable();
        let good = all.iter().all(|name| is_name(name)) && all.is_sorted_by(|one, next| one < next);
        if good && all.len() <= MOST {
            return Ok(Self { own, all: all.into() });
        }
        let text = format!("locations must be at most {MOST} names of {MOST} letters a-z, digits and -, each once");
        Err(ConfigError(text))
    }

    /// Where a set is, by the name that it has everywhere.
    pub(crate) fn slots(&self, name: &str) -> Slots {
        Slots { locations: self.clone(), name: name.to_owned() }
    }
}

/// Where the store has a set, in each location.
#[derive(Clone, Debug)]
pub struct Slots {
    locations: Locations,
    name: String,
}

impl Slots {
    /// Where this location writes.
    pub(crate) fn own(&self) -> String {
        located(&self.name, &self.locations.own)
    }

    /// Where all of them do. The order decides whose key counts where they made different ones.
    pub(crate) fn all(&self) -> Vec<String> {
        if self.locations.all.is_empty() {
            return vec![self.name.clone()];
        }
        self.locations.all.iter().map(|location| located(&self.name, location)).collect()
    }

    /// Where the key is that a sender's identities are hashed with.
    pub(crate) fn key(&self) -> String {
        format!("{}/key", self.name)
    }

    /// Where the set of a budget is, by those of its Cockpit; the same if it is none.
    pub(crate) fn of(&self, budget: Option<u64>) -> Self {
        let budget = budget.map(|number| format!("/b{number}")).unwrap_or_default();
        Self { locations: self.locations.clone(), name: format!("{}{budget}", self.name) }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= MOST && name.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn located(name: &str, location: &str) -> String {
    if location.is_empty() { name.to_owned() } else { format!("{name}/@{location}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};

    #[test]
    fn each_location_writes_for_itself_and_all_read_the_same() {
        let at = |text| run(Locations::read(&Fake::new(&[("locations", text)]))).unwrap().slots("a");
        assert_eq!((at("").own(), at("").all()), ("a".into(), vec!["a".into()]));
        assert_eq!((at("fra ams").own(), at("ams  fra").own()), ("a/@fra".into(), "a/@ams".into()));
        assert_eq!(at("fra ams").all(), ["a/@ams", "a/@fra"]);
        assert_eq!(at("fra ams").all(), at("ams fra").all());
        assert_eq!(at("fra ams").of(Some(3)).own(), "a/b3/@fra");
    }

    #[test]
    fn a_list_with_a_slip_in_it_is_the_operators_to_mend() {
        let long = "x".repeat(33);
        let many: Vec<_> = (0..33).map(|number| number.to_string()).collect();
        for text in ["fra fra", "fra,ams", "Fra", "a/b", &long, &many.join(" ")] {
            assert!(run(Locations::read(&Fake::new(&[("locations", text)]))).is_err(), "{text}");
        }
    }
}
