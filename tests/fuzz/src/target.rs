//! The fuzzer's hold on a target.

use cockpit_wire::fuzz::{TARGETS, Target};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The target of this run.
static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = variable("FUZZ_TARGET");
    let names = TARGETS.iter().map(|target| target.name).collect::<Vec<_>>();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("FUZZ_TARGET must be one of {names:?}"))
});

fn variable(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "this is how a script speaks to it")]
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; use scripts/fuzz"))
}

fn plant(corpus: &Path) -> std::io::Result<()> {
    fs::create_dir_all(corpus)?;
    let mut seeds = (TARGET.seeds)().into_iter().enumerate();
    seeds.try_for_each(|(number, seed)| fs::write(corpus.join(format!("seed-{number}")), seed))
}

libfuzzer_sys::fuzz_target!(
    init: plant(&PathBuf::from(variable("FUZZ_CORPUS"))).expect("a folder to write to"),
    |input: &[u8]| (TARGET.check)(input)
);
