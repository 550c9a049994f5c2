//! The targets of `fuzz/`, on what fuzzing has found and on every case of the rule pages, damaged.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;

use proptest::prelude::*;

use crate::cases;
use crate::project::repository;
use targets::TARGETS;

#[test]
fn what_fuzzing_found_stays_mended() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, target) in TARGETS {
        let seeds = fs::read_dir(repository().join("fuzz/seeds").join(name)).expect("seeds of each target");
        for seed in seeds {
            let path = seed.expect("a readable entry").path();
            println!("{}", path.display());
            target(folder.path(), &fs::read(path).expect("a readable seed"));
        }
    }
}

proptest! {
    #![proptest_config(cases::tried(64))]

    #[test]
    fn every_target_holds_for_damaged_cases(
        case in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..24,
        instead in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cases = cases::all();
        let files = &cases[case.index(cases.len())].files;
        let (name, text) = files.iter().nth(which.index(files.len())).expect("a case has files");
        let mut bytes = text.clone();
        let from = at.index(bytes.len() + 1);
        bytes.splice(from..(from + length).min(text.len()), instead);
        for (target_name, target) in TARGETS {
            let named = matches!(*target_name, "metadata" | "launcher" | "config");
            let heading = if named { format!("{name}\n") } else { String::new() };
            target(folder.path(), &[heading.as_bytes(), &bytes].concat());
        }
    }
}
