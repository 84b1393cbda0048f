//! Targets for a fuzzer that is guided by what code an input reaches: one for each reader of pushed bytes.
//!
//! What they compare is what the tests compare, with the same functions; `scripts/fuzz` runs them.

use crate::{inflate, json, loki, otlp, remote_write, snappy};

/// A target: what panics if a reader and its reference differ, and inputs to begin with.
#[derive(Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Reads one input.
    pub check: fn(&[u8]),
    /// Well-formed inputs, from the generators of the tests.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "snappy",
        check: |bytes| {
            snappy::tests::agree(bytes);
        },
        seeds: || vec![b"\x05\x10hello".into()],
    },
    Target { name: "inflate", check: inflate::tests::is_bounded, seeds: inflate::tests::seeds },
    Target {
        name: "json",
        check: |text| {
            json::tests::agree(text);
        },
        seeds: loki::json::tests::seeds,
    },
    Target {
        name: "labels",
        check: |text| {
            loki::labels::tests::agree(text);
        },
        seeds: || vec![loki::labels::tests::WHOLE.into()],
    },
    Target {
        name: "remote_write_1",
        check: remote_write::tests::agree_on_version1,
        seeds: || remote_write::tests::seeds()[0].clone(),
    },
    Target {
        name: "remote_write_2",
        check: remote_write::tests::agree_on_version2,
        seeds: || remote_write::tests::seeds()[1].clone(),
    },
    Target {
        name: "loki_json",
        check: |text| {
            loki::json::tests::compare_if_comparable(text, seed(text));
        },
        seeds: loki::json::tests::seeds,
    },
    Target {
        name: "loki_protobuf",
        check: |bytes| {
            loki::protobuf::tests::compare(bytes, seed(bytes), 3);
        },
        seeds: loki::protobuf::tests::seeds,
    },
    Target { name: "otlp_json", check: otlp::tests::agree_on_json, seeds: otlp::tests::json_seeds },
    Target {
        name: "otlp_logs",
        check: |bytes| {
            otlp::tests::agree_on_logs(bytes);
        },
        seeds: || vec![otlp::tests::seeds()[0].clone()],
    },
    Target {
        name: "otlp_metrics",
        check: |bytes| {
            otlp::tests::agree_on_metrics(bytes);
        },
        seeds: || vec![otlp::tests::seeds()[1].clone()],
    },
];

/// What decides which parts are kept: anything that is the same for the same input.
fn seed(input: &[u8]) -> u64 {
    u64::try_from(input.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_inputs_to_begin_with_and_passes_them() {
        for Target { check, seeds, .. } in TARGETS {
            assert!(!seeds().is_empty());
            seeds().iter().for_each(|seed| check(seed));
        }
    }
}
