//! Pages and order of a list.

use cockpit_core::{Refusal, refusal::InvalidReason};

/// The page size of a client that asks for none; the recorded clients do not.
const DEFAULT_SIZE: usize = 50;

/// The largest page.
const MAX_SIZE: usize = 1000;

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
        let number = positive("page", number.unwrap_or("1"), usize::MAX)?;
        let size = size.map_or(Ok(DEFAULT_SIZE), |size| positive("page_size", size, MAX_SIZE))?;
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
                return Err(Refusal::Invalid {
                    argument: "order_by",
                    reason: InvalidReason::Constraint,
                    help: "must be created_at_asc, created_at_desc, name_asc or name_desc".into(),
                });
            }
        })
    }
}

fn positive(argument: &'static str, text: &str, max: usize) -> Result<usize, Refusal> {
    let number = text.parse().ok().filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| Refusal::Invalid {
        argument,
        reason: InvalidReason::Constraint,
        help: if max == usize::MAX {
            "must be 1 or more".into()
        } else {
            format!("must be between 1 and {max}").into()
        },
    })
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
        assert_eq!(page(&usize::MAX.to_string(), "1000"), [0; 0]);
    }

    #[test]
    fn impossible_pages_are_refused() {
        for (number, size) in [("0", "1"), ("-1", "1"), ("x", "1"), ("1", "0"), ("1", "1001"), ("", "1")] {
            assert!(Page::parse(Some(number), Some(size)).is_err(), "{number}, {size}");
        }
    }
}
