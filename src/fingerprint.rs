//! What a finding is known by from one run to the next, although lines above it come and go.

use std::collections::HashMap;
use std::fmt;

use crate::analysis::Sources;
use crate::finding::Finding;

/// The rule, the file, the text of the line, and which of several such findings it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    hash: u64,
    /// From 1, in the order of the file.
    occurrence: u32,
}

impl fmt::Display for Fingerprint {
    /// `5d1c0a6e3b2f4879:1`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}:{}", self.hash, self.occurrence)
    }
}

/// The fingerprint of each finding. `path` tells how a file is named in it: not by the working
/// directory, where the fingerprint must mean the same from everywhere.
pub fn fingerprints<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    sources: &Sources,
    path: impl Fn(&Finding) -> String,
) -> Vec<Fingerprint> {
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let fingerprint = |finding: &Finding| {
        let line = sources.get(&finding.place.path).map_or("", |source| source.line_of(&finding.place));
        let text: Vec<&str> = line.split_whitespace().collect();
        let hash = hash(&[finding.code, &path(finding), &text.join(" ")]);
        let occurrence = seen.entry(hash).or_insert(0);
        *occurrence += 1;
        Fingerprint { hash, occurrence: *occurrence }
    };
    findings.into_iter().map(fingerprint).collect()
}

/// FNV-1a, because it must be the same in every release of loopcheck and of Rust.
fn hash(parts: &[&str]) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    // A zero byte between the parts keeps `ab`, `c` apart from `a`, `bc`.
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_a_promise() {
        assert_eq!(format!("{:016x}", hash(&["LC101", "main.py", "ui.run()"])), "68453d51eef882e4");
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }
}
