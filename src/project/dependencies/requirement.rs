//! One requirement: `uvicorn[standard]>=0.22; sys_platform == "win32"`.

use pep440_rs::{Version, VersionSpecifiers};

/// What one line asks for.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Normalised as PEP 503 says.
    pub name: String,
    pub extras: Vec<String>,
    pub specifiers: VersionSpecifiers,
    pub marker: Option<String>,
}

impl Requirement {
    /// Reads a PEP 508 requirement or an address that names its package. `None` for what names no
    /// package (a local folder, an option).
    pub fn parse(text: &str) -> Option<Requirement> {
        let text = text.trim();
        let (body, marker) = split_marker(text);
        if is_address(body) {
            return from_address(body, marker);
        }
        let name_end = body.find(|c: char| !is_name(c)).unwrap_or(body.len());
        let name = body[..name_end].trim_end_matches(['-', '.', '_']);
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || name.len() != name_end {
            return None;
        }
        let mut rest = body[name_end..].trim_start();
        let mut extras = Vec::new();
        if let Some(inside) = rest.strip_prefix('[') {
            let end = inside.find(']')?;
            extras = inside[..end].split(',').map(normalise).filter(|extra| !extra.is_empty()).collect();
            rest = inside[end + 1..].trim_start();
        }
        let specifiers = if rest.starts_with('@') {
            version_in_address(rest).unwrap_or_default()
        } else {
            let rest = rest.strip_prefix('(').map_or(rest, |inside| inside.trim_end().trim_end_matches(')'));
            specifiers(rest)?
        };
        Some(Requirement { name: normalise(name), extras, specifiers, marker })
    }

    /// The exact version this asks for, if it does (`==1.2.3`, not `==1.2.*`).
    pub fn exact(&self) -> Option<&Version> {
        exact(&self.specifiers)
    }
}

pub fn exact(specifiers: &VersionSpecifiers) -> Option<&Version> {
    specifiers
        .iter()
        .find(|one| matches!(one.operator(), pep440_rs::Operator::Equal | pep440_rs::Operator::ExactEqual))
        .map(pep440_rs::VersionSpecifier::version)
}

/// `Foo_Bar.baz` → `foo-bar-baz`.
pub fn normalise(name: &str) -> String {
    let mut normalised = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' if normalised.ends_with('-') => {}
            '-' | '_' | '.' => normalised.push('-'),
            c => normalised.push(c.to_ascii_lowercase()),
        }
    }
    normalised
}

/// PEP 440 specifiers, forgiving as pip used to be (`>=1.0.*`). `None` when it is none at all.
pub fn specifiers(text: &str) -> Option<VersionSpecifiers> {
    let text = text.trim();
    if text.is_empty() || text == "*" {
        return Some(VersionSpecifiers::empty());
    }
    // A segment near the end of u64 would overflow where a bound is counted up.
    if text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 15) {
        return None;
    }
    if let Ok(specifiers) = text.parse() {
        return Some(specifiers);
    }
    let pieces = text.split(',').map(str::trim).filter(|piece| !piece.is_empty());
    pieces.map(|piece| piece.trim_end_matches(".*").parse::<pep440_rs::VersionSpecifier>().ok()).collect()
}

/// An exact version; `None` for text that is no version.
pub fn version(text: &str) -> Option<Version> {
    if text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 15) {
        return None;
    }
    text.trim().parse().ok()
}

/// `==version`, as the one thing that a lock allows.
pub fn equal_to(version: &Version) -> VersionSpecifiers {
    pep440_rs::VersionSpecifier::equals_version(version.clone()).into()
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// A `;` inside an address belongs to it unless a space stands before it.
fn split_marker(text: &str) -> (&str, Option<String>) {
    let separator = if is_address(text) || text.contains('@') { " ;" } else { ";" };
    match text.split_once(separator) {
        Some((body, marker)) => (body.trim(), Some(marker.trim().to_string()).filter(|m| !m.is_empty())),
        None => (text, None),
    }
}

fn is_address(text: &str) -> bool {
    let head = text.split(['@', '[', ' ']).next().unwrap_or("");
    head.contains("://") || head.starts_with("git+") || head.starts_with("file:") || head.ends_with(".whl")
}

fn from_address(address: &str, marker: Option<String>) -> Option<Requirement> {
    if let Some((_, egg)) = address.split_once("egg=") {
        let end = egg.find(|c: char| !is_name(c)).unwrap_or(egg.len());
        let specifiers = version_in_address(address).unwrap_or_default();
        return Some(Requirement { name: normalise(&egg[..end]), extras: Vec::new(), specifiers, marker });
    }
    let file = wheel(address)?;
    let name = normalise(file.split('-').next()?);
    Some(Requirement { name, extras: Vec::new(), specifiers: version_in_address(address)?, marker })
}

/// The file name of a wheel an address leads to.
fn wheel(address: &str) -> Option<&str> {
    let path = address.split(['#', '?']).next()?;
    path.rsplit(['/', '\\', ' ']).next().filter(|file| file.ends_with(".whl"))
}

fn version_in_address(address: &str) -> Option<VersionSpecifiers> {
    let text = wheel(address)?.split('-').nth(1)?.replace("%2B", "+");
    version(&text).map(|version| equal_to(&version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let requirement = Requirement::parse(text)?;
        let marker = requirement.marker.clone().map_or(String::new(), |marker| format!(" ; {marker}"));
        let Requirement { name, extras, specifiers, .. } = requirement;
        Some(format!("{name}{extras:?} {specifiers}{marker}").trim().replace("  ", " "))
    }

    #[test]
    fn reads_what_people_write() {
        let cases = [
            ("uvicorn", "uvicorn[] "),
            (
                "Uvicorn[Standard] >= 0.22, <1 ; sys_platform == 'win32'",
                "uvicorn[\"standard\"] >=0.22, <1 ; sys_platform == 'win32'",
            ),
            ("ruamel.yaml==0.18", "ruamel-yaml[] ==0.18"),
            ("foo_bar (>=1.0)", "foo-bar[] >=1.0"),
            ("nicegui~=1.4.0", "nicegui[] ~=1.4.0"),
            ("pip @ https://example.org/pip-22.0-py3-none-any.whl", "pip[] ==22.0"),
            (
                "pkg @ git+https://example.org/pkg.git@main ; python_version < '3.12'",
                "pkg[] ; python_version < '3.12'",
            ),
            ("git+https://example.org/fork.git#egg=uvicorn", "uvicorn[] "),
            ("https://example.org/uvicorn-0.29.0-py3-none-any.whl", "uvicorn[] ==0.29.0"),
            ("old>=1.0.*", "old[] >=1.0"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text).as_deref(), Some(expected.trim()), "{text}");
        }
    }

    #[test]
    fn what_names_no_package_is_none() {
        for text in
            ["", ".", "./folder", "-r other.txt", "uvicorn[", "uvicorn === ", "a>=99999999999999999999"]
        {
            assert!(Requirement::parse(text).is_none(), "{text}");
        }
    }
}
