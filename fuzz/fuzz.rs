//! libFuzzer over one of the targets, which the environment variable `TARGET` names.
#![no_main]

mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

use targets::{TARGETS, Target};

static TARGET: OnceLock<(Target, TempDir)> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let (target, folder) = TARGET.get_or_init(|| {
        let wanted = std::env::var("TARGET").unwrap_or_default();
        let found = TARGETS.iter().find(|(name, _)| *name == wanted);
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        let (_, target) = found.unwrap_or_else(|| panic!("TARGET is `{wanted}`, not one of {names:?}"));
        (*target, tempfile::tempdir().expect("a temporary folder"))
    });
    target(folder.path(), bytes);
});
