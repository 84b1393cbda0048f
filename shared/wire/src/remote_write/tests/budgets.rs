use super::*;

/// Admits what does not carry both of two labels.
struct Watching([(String, String); 2], Vec<u64>);

impl Admission for Watching {
    fn key(&self) -> [u8; 16] {
        KEY
    }

    fn watched(&self) -> &[(String, String)] {
        &self.0
    }

    fn admit(&mut self, _: u64, marks: u64) -> Admitted {
        self.1.push(marks);
        if marks == 0b11 { Admitted::OverBudget } else { Admitted::Yes }
    }

    fn why(&self) -> String {
        "the budget has 5 of 5".into()
    }
}

#[test]
fn labels_to_look_out_for_are_seen_in_either_version_and_a_budget_refuses_with_its_reason() {
    let sample = Sample { value: 1.0, timestamp: NOW };
    let sets: [&[(&str, &str)]; 4] = [
        &[("__name__", "a"), ("env", "prod"), ("team", "a")],
        &[("__name__", "b"), ("env", "prod"), ("team", "b")],
        &[("__name__", "c"), ("team", "a"), ("env", "prod")],
        &[("__name__", "d"), ("env", "dev")],
    ];
    let label = |(name, value): &(&str, &str)| Label { name: (*name).into(), value: (*value).into() };
    let series = sets.map(|labels| TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: vec![sample],
        ..TimeSeries::default()
    });
    let first = WriteRequest { timeseries: series.to_vec(), ..WriteRequest::default() }.encode_to_vec();
    let texts = sets.concat().into_iter().flat_map(|(name, value)| [name, value]).map(|text| text.as_bytes().to_vec());
    let symbols: Vec<_> = std::iter::once(vec![]).chain(texts).collect();
    let mut next = 1;
    let series = sets.map(|labels| {
        let references = (next..).take(2 * labels.len()).collect();
        next += 2 * u32::try_from(labels.len()).unwrap();
        TimeSeries2 { labels_refs: references, samples: vec![sample], ..TimeSeries2::default() }
    });
    let second = WriteRequest2 { symbols, timeseries: series.to_vec(), ..WriteRequest2::default() }.encode_to_vec();
    let limits = Limits::default();
    for (body, version) in [(first, 1), (second, 2)] {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut watching = Watching([pair("team", "a"), pair("env", "prod")], vec![]);
        let mut validator = Validator::new(&limits, NOW, &mut watching);
        let judged = match version {
            1 => version1::walk(&body, &mut validator),
            _ => version2::walk(&body, &mut validator),
        };
        let judged = judged.unwrap();
        let line = validator.into_report().line("2 of 4 samples");
        assert_eq!(judged.kept.series, 2);
        assert!(line.starts_with("2 of 4 samples stored; 2 max-series-per-budget: "), "{line}");
        assert!(line.ends_with("the budget has 5 of 5: a"), "{line}");
        assert_eq!(watching.1, [0b11, 0b10, 0b11, 0]);
    }
}
