//! Pages and order of a list.

use cockpit_core::{Refusal, refusal::InvalidReason};
use std::borrow::Cow;

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

/// How a list of named, dated things is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `created_at_asc`, the default.
    Oldest,
    /// `created_at_desc`.
    Newest,
    /// `name_asc`.
    Name,
    /// `name_desc`.
    NameDescending,
}

impl Page {
    /// Reads `page` and `page_size`.
    pub(crate) fn parse(number: Option<&str>, size: Option<&str>) -> Result<Self, Refusal> {
        let number = number.map_or(Some(1), positive);
        let number = number.ok_or_else(|| invalid("page", "must be 1 or more".into()))?;
        let size = size.map_or(Some(DEFAULT_SIZE), |size| positive(size).filter(|size| *size <= MAX_SIZE));
        let size = size.ok_or_else(|| invalid("page_size", format!("must be between 1 and {MAX_SIZE}").into()))?;
        Ok(Self { number, size })
    }

    /// The items of this page; none past the end.
    pub fn of<T>(self, items: Vec<T>) -> Vec<T> {
        items.into_iter().skip((self.number - 1).saturating_mul(self.size)).take(self.size).collect()
    }
}

impl Order {
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Refusal> {
        Ok(match text {
            None | Some("" | "created_at_asc") => Self::Oldest,
            Some("created_at_desc") => Self::Newest,
            Some("name_asc") => Self::Name,
            Some("name_desc") => Self::NameDescending,
            Some(_) => {
                let help = "must be created_at_asc, created_at_desc, name_asc or name_desc";
                return Err(invalid("order_by", help.into()));
            }
        })
    }
}

/// A number of 1 or more; one that does not fit is past every end.
fn positive(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX)).filter(|number| *number > 0)
}

fn invalid(argument: &'static str, help: Cow<'static, str>) -> Refusal {
    Refusal::Invalid { argument, reason: InvalidReason::Constraint, help }
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
}
