//! Pages and order of a list.

use crate::request::{chosen, invalid};
use cockpit_core::{Refusal, refusal::InvalidReason};

/// The page size of a client that asks for none; the recorded clients do not.
const DEFAULT_SIZE: usize = 50;

/// The largest page.
pub(crate) const MAX_SIZE: usize = 1000;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    number: usize,
    size: usize,
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As it is kept: the oldest first.
    Oldest,
    /// The newest first.
    Newest,
    /// By name.
    Name,
    /// By name, the last first.
    NameDescending,
}

/// The orders of things with a date and a name; the first is the default.
pub const BY_DATE_OR_NAME: &[(&str, Order)] = &[
    ("created_at_asc", Order::Oldest),
    ("created_at_desc", Order::Newest),
    ("name_asc", Order::Name),
    ("name_desc", Order::NameDescending),
];

/// The orders of Grafana users.
pub const BY_LOGIN: &[(&str, Order)] = &[("login_asc", Order::Name), ("login_desc", Order::NameDescending)];

/// The orders of API keys, which never change.
pub const BY_ACCESS_KEY: &[(&str, Order)] = &[
    ("created_at_asc", Order::Oldest),
    ("created_at_desc", Order::Newest),
    ("updated_at_asc", Order::Oldest),
    ("updated_at_desc", Order::Newest),
    ("access_key_asc", Order::Name),
    ("access_key_desc", Order::NameDescending),
];

/// The orders of plans.
pub const BY_NAME: &[(&str, Order)] = &[("name_asc", Order::Name), ("name_desc", Order::NameDescending)];

impl Page {
    /// Where it begins in the list, from 0, and how long it is at most.
    pub const fn bounds(self) -> (usize, usize) {
        ((self.number - 1).saturating_mul(self.size), self.size)
    }

    /// Reads `page` and `page_size`.
    pub(crate) fn parse(number: Option<&str>, size: Option<&str>) -> Result<Self, Refusal> {
        let wrong = |argument, help: String| invalid(argument, InvalidReason::Constraint, help);
        let number = number.map_or(Some(1), positive).ok_or_else(|| wrong("page", "must be 1 or more".into()))?;
        let size = size.map_or(Some(DEFAULT_SIZE), |size| positive(size).filter(|size| *size <= MAX_SIZE));
        let size = size.ok_or_else(|| wrong("page_size", format!("must be between 1 and {MAX_SIZE}")))?;
        Ok(Self { number, size })
    }

    /// The items of this page; none past the end.
    pub fn of<T>(self, items: Vec<T>) -> Vec<T> {
        items.into_iter().skip((self.number - 1).saturating_mul(self.size)).take(self.size).collect()
    }
}

impl Order {
    /// Reads `order_by`, of which these are the choices.
    pub fn parse(text: Option<&str>, choices: &[(&str, Self)]) -> Result<Self, Refusal> {
        let default = choices.first().map_or(Self::Oldest, |(_, default)| *default);
        text.map_or(Ok(default), |text| chosen("order_by", text, choices))
    }

    /// Sorts what is kept with the oldest first.
    pub fn sort<T>(self, items: &mut [T], name: impl Fn(&T) -> &str) {
        match self {
            Self::Oldest => {}
            Self::Newest => items.reverse(),
            Self::Name => items.sort_by(|a, b| name(a).cmp(name(b))),
            Self::NameDescending => items.sort_by(|a, b| name(b).cmp(name(a))),
        }
    }
}

/// A number of 1 or more; one that does not fit is past every end.
fn positive(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX)).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: &str, size: &str) -> Vec<u32> {
        Page::parse(Some(number), Some(size)).unwrap().of((1..=5).collect())
    }

    #[test]
    fn a_page_is_its_part_of_the_list_and_empty_past_the_end() {
        assert_eq!(page("1", "2"), [1, 2]);
        assert_eq!(page("3", "2"), [5]);
        assert_eq!(page("4", "2"), [0; 0]);
        assert_eq!(page(&u128::MAX.to_string(), "1000"), [0; 0]);
    }

    #[test]
    fn impossible_pages_are_refused() {
        for (number, size) in [("0", "1"), ("-1", "1"), ("x", "1"), ("1", "0"), ("1", "1001"), ("", "1")] {
            assert!(Page::parse(Some(number), Some(size)).is_err(), "{number}, {size}");
        }
    }

    #[test]
    fn each_order_sorts_as_it_says() {
        for (order, want) in
            [("created_at_asc", "bca"), ("created_at_desc", "acb"), ("name_asc", "abc"), ("name_desc", "cba")]
        {
            let mut kept = ["b", "c", "a"];
            Order::parse(Some(order), BY_DATE_OR_NAME).unwrap().sort(&mut kept, |name| name);
            assert_eq!(kept.concat(), want, "{order}");
        }
        assert_eq!(Order::parse(None, BY_LOGIN).unwrap(), Order::Name);
        assert!(Order::parse(Some("size"), BY_NAME).is_err());
    }
}
