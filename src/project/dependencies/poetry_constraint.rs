//! Poetry's version constraints (`^1.4`, `~1.2`, `1.*`, `a || b`) as PEP 440 specifiers.

use pep440_rs::{Version, VersionSpecifier, VersionSpecifiers, release_specifiers_to_ranges};

use super::requirement;

/// `None` when it is no constraint. A union becomes its hull: more is allowed than was written,
/// never less.
pub fn specifiers(text: &str) -> Option<VersionSpecifiers> {
    let alternatives: Option<Vec<VersionSpecifiers>> =
        text.split('|').filter(|one| !one.trim().is_empty()).map(conjunction).collect();
    let mut alternatives = alternatives?.into_iter();
    let first = alternatives.next().unwrap_or_default();
    Some(alternatives.fold(first, hull))
}

fn hull(left: VersionSpecifiers, right: VersionSpecifiers) -> VersionSpecifiers {
    let union = release_specifiers_to_ranges(left).union(&release_specifiers_to_ranges(right));
    let Some((low, high)) = union.bounding_range() else { return VersionSpecifiers::empty() };
    let low = VersionSpecifier::from_lower_bound(&low.cloned());
    let high = VersionSpecifier::from_upper_bound(&high.cloned());
    low.into_iter().chain(high).collect()
}

fn conjunction(text: &str) -> Option<VersionSpecifiers> {
    let mut specifiers = Vec::new();
    // `>= 1.0, < 2` and `>=1.0 <2` are both written: white space separates only behind a version.
    let mut piece = String::new();
    for word in text.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        piece.push_str(word);
        if word.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '*') {
            specifiers.extend(one(&std::mem::take(&mut piece))?);
        }
    }
    piece.is_empty().then(|| specifiers.into_iter().collect())
}

fn one(text: &str) -> Option<VersionSpecifiers> {
    if let Some(version) = text.strip_prefix('^') {
        let version = requirement::version(version)?;
        let release = version.release();
        // The first segment that is not zero may not change; all zeros: the last one.
        let kept = release.iter().position(|segment| *segment != 0).unwrap_or(release.len() - 1);
        return Some(between(&version, kept));
    }
    if let Some(version) = text.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        let version = requirement::version(version)?;
        let kept = usize::from(version.release().len() > 1);
        return Some(between(&version, kept));
    }
    let bare = text.strip_prefix('v').unwrap_or(text);
    if bare.starts_with(|c: char| c.is_ascii_digit()) {
        return requirement::specifiers(&format!("=={bare}"));
    }
    requirement::specifiers(text)
}

/// From the version up to, without it, the next one that differs in the segment at `kept`.
fn between(version: &Version, kept: usize) -> VersionSpecifiers {
    // A version has at least one segment, and `kept` is the index of one of them.
    let next = version.release().iter().take(kept + 1).enumerate();
    let next = Version::new(next.map(|(at, segment)| segment + u64::from(at == kept)));
    let low = VersionSpecifier::greater_than_equal_version(version.clone());
    [low, VersionSpecifier::less_than_version(next)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::specifiers;

    #[test]
    fn constraints_are_what_poetry_documents() {
        let cases = [
            ("^1.2.3", ">=1.2.3, <2"),
            ("^0.22.0", ">=0.22.0, <0.23"),
            ("^0.0.3", ">=0.0.3, <0.0.4"),
            ("^0.0", ">=0.0, <0.1"),
            ("^0", ">=0, <1"),
            ("~1.2.3", ">=1.2.3, <1.3"),
            ("~1", ">=1, <2"),
            ("1.2.*", "==1.2.*"),
            ("1.2.3", "==1.2.3"),
            ("v1.8.0a1", "==1.8.0a1"),
            ("*", ""),
            (">= 3.9, < 3.12", ">=3.9, <3.12"),
            (">=3.9 <3.12", ">=3.9, <3.12"),
            ("~=3.11.0", "~=3.11.0"),
            ("^3.9 || ^4.0", ">=3.9, <5"),
            ("2.7 || >=3.6", ">=2.7"),
        ];
        for (text, expected) in cases {
            assert_eq!(specifiers(text).map(|s| s.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert!(specifiers("^").is_none());
        assert!(specifiers("latest").is_none());
    }
}
