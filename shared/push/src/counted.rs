//! Between a walker and the meter: who may be active, and what was cut out.

use cockpit_core::Refusal;
use cockpit_quota::{Meter, meter::Ports, usage::Reason};
use cockpit_wire::{
    checks::Check,
    identity::{Admission, Admitted},
    patch::PatchError,
    report::Report,
};

/// Series or streams are counted by the meter of the push.
#[derive(Debug)]
pub struct Counted<'m, 'p, P>(pub &'m Meter<'p, P>);

impl<P: Ports> Admission for Counted<'_, '_, P> {
    fn key(&self) -> [u8; 16] {
        self.0.key()
    }

    fn watched(&self) -> &[(String, String)] {
        self.0.watched()
    }

    fn admit(&mut self, identity: u64, marks: u64) -> Admitted {
        if self.0.admit(identity, marks) {
            Admitted::Yes
        } else if self.0.is_over_budget() {
            Admitted::OverBudget
        } else {
            Admitted::Full
        }
    }

    fn why(&self) -> String {
        self.0.excess()
    }
}

/// How much was cut out of a push, by the reasons that usage knows.
pub fn refused(report: &Report) -> [(Reason, u64); 3] {
    let mut counts = [(Reason::Active, 0), (Reason::Budget, 0), (Reason::Invalid, 0)];
    for reason in report.reasons() {
        let known = match reason.check {
            Check::TooManySeries | Check::TooManyStreams => Reason::Active,
            Check::TooManySeriesOfBudget | Check::TooManyStreamsOfBudget => Reason::Budget,
            _ => Reason::Invalid,
        };
        for (_, count) in counts.iter_mut().filter(|(reason, _)| *reason == known) {
            *count += u64::from(reason.count);
        }
    }
    counts
}

/// The refusal of a request, or a push, of which what is bad cannot be cut out.
pub fn uncut(what: &str, error: PatchError) -> Refusal {
    match error {
        PatchError::Full => Refusal::Malformed(format!("the {what} {error}").into()),
        PatchError::TooLarge => Refusal::bug("a push too large for snappy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_that_was_cut_out_has_a_reason() {
        let mut report = Report::default();
        for check in [
            Check::TooManySeries,
            Check::TooManySeriesOfBudget,
            Check::TooManySeriesOfBudget,
            Check::LabelInvalid,
            Check::ExemplarLabelsMissing,
            Check::TooManyStreams,
        ] {
            report.note(check, String::new);
        }
        assert_eq!(refused(&report), [(Reason::Active, 2), (Reason::Budget, 2), (Reason::Invalid, 2)]);
    }
}
