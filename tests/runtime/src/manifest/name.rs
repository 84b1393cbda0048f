//! Spin's rules for identifiers.

/// Refuses an id that is not made of words separated by `separator`. A word starts with a letter,
/// goes on with letters and digits, and is all lower case, or all upper case unless `lower_only`.
pub(crate) fn check(id: &str, separator: char, lower_only: bool) -> Result<(), String> {
    id.split(separator)
        .try_for_each(|word| check_word(word, lower_only))
        .map_err(|reason| format!("{id:?} is not a valid name: its words, separated by {separator:?}, {reason}"))
}

fn check_word(word: &str, lower_only: bool) -> Result<(), &'static str> {
    if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err("must start with a letter");
    }
    if !word.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err("may hold only letters and digits");
    }
    let lower = !word.contains(|c: char| c.is_ascii_uppercase());
    let upper = !word.contains(|c: char| c.is_ascii_lowercase());
    match (lower, upper) {
        (true, _) => Ok(()),
        (false, true) if !lower_only => Ok(()),
        (false, true) => Err("must be lower case"),
        (false, false) => Err("must not mix upper and lower case"),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_follow_the_rules_of_spin() {
        for id in ["a", "metrics-push", "a1-b2", "API-v2"] {
            assert_eq!(check(id, '-', false), Ok(()), "{id}");
        }
        for id in ["", "-", "a--b", "1a", "a_b", "a-1", "Ab", "ä"] {
            assert!(check(id, '-', false).is_err(), "{id}");
        }
        assert!(check("mimir_url", '_', true).is_ok());
        assert!(check("MIMIR_URL", '_', true).is_err());
    }
}
