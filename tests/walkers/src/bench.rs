//! The cases under criterion, on the machine: with what an earlier run measured, and how sure the difference is.

use cockpit_walkers::cases;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn walkers(criterion: &mut Criterion) {
    for case in cases("") {
        // One group each, because bytes per second are those of the case.
        let mut group = criterion.benchmark_group("walkers");
        group.throughput(Throughput::Bytes(case.bytes as u64));
        group.bench_function(case.name, |bencher| bencher.iter(&case.run));
        group.finish();
    }
}

criterion_group!(benches, walkers);
criterion_main!(benches);
