//! What was refused of a push, and how its sender is told.

use crate::checks::{Answer, CHECKS, Check};
use std::fmt::Write;

/// Senders log the first line of an answer, and some cut it here: less than 256 bytes with a line break.
pub const LINE: usize = 254;

/// How many offenders of each reason are remembered.
const EXAMPLES: usize = 3;

/// The most bytes of an offender that are shown: names and values are the sender's, and may be anything.
const SHOWN: usize = 120;

/// What was refused, by reason, with the first offenders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    counts: [u32; Check::COUNT],
    examples: Vec<(Check, String)>,
}

/// One reason, for `explain` and for usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<'r> {
    /// The check.
    pub check: Check,
    /// How many parts it refused.
    pub count: u32,
    /// The first of them.
    pub examples: Vec<&'r str>,
}

impl Default for Report {
    fn default() -> Self {
        Self { counts: [0; Check::COUNT], examples: Vec::new() }
    }
}

impl Report {
    /// Notes that a check refused a part; `offender` says which, and is asked for the first ones only.
    pub fn note(&mut self, check: Check, offender: impl FnOnce() -> String) {
        let Some(count) = self.counts.get_mut(check.index()) else { return };
        *count = count.saturating_add(1);
        if self.examples.iter().filter(|(noted, _)| *noted == check).count() < EXAMPLES {
            self.examples.push((check, clip(&offender(), SHOWN)));
        }
    }

    /// How many parts a check refused.
    pub fn count(&self, check: Check) -> u32 {
        self.counts.get(check.index()).copied().unwrap_or_default()
    }

    /// Whether there is nothing to tell the sender.
    pub fn is_clean(&self) -> bool {
        self.reasons().all(|reason| reason.check.answer() == Answer::Silent)
    }

    /// How many parts were cut of which the sender is told nothing.
    pub fn silent(&self) -> usize {
        let silent = self.reasons().filter(|reason| reason.check.answer() == Answer::Silent);
        silent.fold(0, |sum, reason| sum.saturating_add(usize::try_from(reason.count).unwrap_or(usize::MAX)))
    }

    /// Whether all that was refused may be sent again later.
    pub fn is_throttled(&self) -> bool {
        !self.is_clean() && self.reasons().all(|reason| reason.check.answer() != Answer::Refused)
    }

    /// The reasons, in the order of the table.
    pub fn reasons(&self) -> impl Iterator<Item = Reason<'_>> {
        let refused = CHECKS.iter().map(|row| row.check).filter(|check| self.count(*check) > 0);
        refused.map(|check| {
            let examples = self.examples.iter().filter(|(noted, _)| *noted == check);
            Reason { check, count: self.count(check), examples: examples.map(|(_, text)| text.as_str()).collect() }
        })
    }

    /// One line for the sender: what is stored, then each reason with its count and first offender, as far as
    /// they fit. `stored` reads like `18 of 20 samples`.
    pub fn line(&self, stored: &str) -> String {
        let mut line = format!("{stored} stored");
        for reason in self.reasons().filter(|reason| reason.check.answer() != Answer::Silent) {
            let first = reason.examples.first().copied().unwrap_or_default();
            let (count, id, message) = (reason.count, reason.check.id(), reason.check.message());
            let _ = write!(line, "; {count} {id}: {message}: {first}");
        }
        clip(&line, LINE)
    }
}

/// Text on one line without control characters, in at most so many bytes.
pub fn clip(text: &str, bytes: usize) -> String {
    const ELLIPSIS: &str = "…";
    let mut clipped = String::with_capacity(bytes.min(text.len()));
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        let over = clipped.len().saturating_add(letter.len_utf8()) > bytes;
        if over {
            while clipped.len().saturating_add(ELLIPSIS.len()) > bytes && clipped.pop().is_some() {}
            clipped.push_str(ELLIPSIS);
            break;
        }
        clipped.push(letter);
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(checks: &[(Check, &str)]) -> Report {
        let mut report = Report::default();
        checks.iter().for_each(|(check, offender)| report.note(*check, || (*offender).to_owned()));
        report
    }

    #[test]
    fn a_line_names_each_reason_with_its_count_and_first_offender() {
        let report = report(&[
            (Check::TooFarInFuture, "up at 9"),
            (Check::LabelNameTooLong, "down{abc}"),
            (Check::TooFarInFuture, "up at 10"),
        ]);
        assert_eq!(
            report.line("1 of 4 samples"),
            "1 of 4 samples stored; 1 label-name-too-long: a label name is too long: down{abc}; \
             2 too-far-in-future: a sample is too far in the future: up at 9"
        );
    }

    #[test]
    fn a_line_is_short_and_plain_whatever_the_sender_wrote() {
        let hostile = "é\r\nx\u{1b}[31m".repeat(100);
        let report = report(&[(Check::LabelValueTooLong, &hostile), (Check::TooFarInPast, &hostile)]);
        let line = report.line("0 of 2 samples");
        assert!(line.len() <= LINE && !line.chars().any(char::is_control), "{line}");
        assert!(line.ends_with('…'));
        for bytes in 3..20 {
            assert!(clip(&hostile, bytes).len() <= bytes);
        }
    }

    #[test]
    fn only_the_first_offenders_are_asked_for() {
        let mut report = Report::default();
        let mut asked = 0;
        (0..100).for_each(|number| {
            report.note(Check::LabelInvalid, || {
                asked += 1;
                number.to_string()
            });
        });
        assert_eq!((asked, report.count(Check::LabelInvalid)), (EXAMPLES, 100));
        assert_eq!(report.reasons().next().unwrap().examples, ["0", "1", "2"]);
    }

    #[test]
    fn the_answer_is_the_gravest_of_the_reasons() {
        for (checks, clean, throttled, silent) in [
            (&[][..], true, false, 0),
            (&[(Check::ExemplarLabelsMissing, ""), (Check::ExemplarTooOld, "")], true, false, 2),
            (&[(Check::TooManyStreams, "")], false, true, 0),
            (&[(Check::TooManyStreams, ""), (Check::LineTooLong, "")], false, false, 0),
            (&[(Check::LabelInvalid, ""), (Check::ExemplarLabelsMissing, "")], false, false, 1),
        ] {
            let report = report(checks);
            assert_eq!((report.is_clean(), report.is_throttled()), (clean, throttled), "{checks:?}");
            assert_eq!(report.silent(), silent, "{checks:?}");
        }
    }
}
