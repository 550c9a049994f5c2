//! What a resolver wrote down: packages, their one version, and who brings whom.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use pep440_rs::Version;

use super::Origin;
use super::marker::{self, Environment};

/// One lock file.
#[derive(Debug, Default)]
pub struct Lock {
    pub path: PathBuf,
    pub packages: Vec<Locked>,
    by_name: HashMap<String, Vec<usize>>,
}

/// One locked version of a package; a resolver that forks by platform locks several.
#[derive(Debug, Default)]
pub struct Locked {
    /// Normalised.
    pub name: String,
    pub version: Option<Version>,
    /// 1-based line of the version, and what stands there.
    pub line: u32,
    /// It counts where one of these holds, or where there are none.
    pub markers: Vec<String>,
    pub edges: Vec<Edge>,
    /// Part of the project itself (a workspace member): always there.
    pub is_project: bool,
}

/// A package that needs another one.
#[derive(Debug, Default)]
pub struct Edge {
    pub to: String,
    pub extras: Vec<String>,
    pub marker: Option<String>,
    /// Only when this package was asked for with this extra.
    pub through: Option<String>,
}

impl Locked {
    fn counts(&self, environment: Environment) -> bool {
        self.markers.is_empty()
            || self.markers.iter().any(|marker| marker::holds(marker, environment) != Some(false))
    }
}

impl Lock {
    pub fn new(path: PathBuf, packages: Vec<Locked>) -> Lock {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, package) in packages.iter().enumerate() {
            by_name.entry(package.name.clone()).or_default().push(at);
        }
        Lock { path, packages, by_name }
    }

    /// The entries of a package that count in an environment, without asking who brings it.
    pub fn entries<'l>(
        &'l self,
        name: &str,
        environment: Environment<'l>,
    ) -> impl Iterator<Item = &'l Locked> {
        let indices = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|at| &self.packages[*at]).filter(move |package| package.counts(environment))
    }

    pub fn origin(&self, locked: &Locked) -> Origin {
        let version = locked.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
        Origin { path: self.path.clone(), line: locked.line, text: format!("{}{version}", locked.name) }
    }

    /// The packages that an installation gets: those the project asks for and, through true markers,
    /// all they bring. A lock without edges installs all it holds.
    pub fn installed(&self, asked: &[(String, Vec<String>)], environment: Environment) -> HashSet<String> {
        let mut seen: HashSet<(String, String)> = HashSet::new();
        let mut waiting: Vec<(String, String)> = Vec::new();
        let brought: HashSet<&str> = self.edges().map(|(_, edge)| edge.to.as_str()).collect();
        for (name, extras) in asked {
            waiting.push((name.clone(), String::new()));
            waiting.extend(extras.iter().map(|extra| (name.clone(), extra.clone())));
        }
        for package in &self.packages {
            if package.is_project || !brought.contains(package.name.as_str()) {
                waiting.push((package.name.clone(), String::new()));
            }
            if package.is_project {
                // The project's own extras and groups are what a developer syncs.
                let own = package.edges.iter().filter_map(|edge| edge.through.clone());
                waiting.extend(own.map(|extra| (package.name.clone(), extra)));
            }
        }
        while let Some(node) = waiting.pop() {
            if !seen.insert(node.clone()) {
                continue;
            }
            let (name, extra) = &node;
            let here = Environment { extra, ..environment };
            for edge in self.entries(name, here).flat_map(|package| &package.edges) {
                let through = edge.through.as_ref().is_none_or(|through| through == extra);
                let holds =
                    edge.marker.as_deref().and_then(|marker| marker::holds(marker, here)) != Some(false);
                if through && holds {
                    waiting.push((edge.to.clone(), String::new()));
                    waiting.extend(edge.extras.iter().map(|extra| (edge.to.clone(), extra.clone())));
                }
            }
        }
        let names = seen.into_iter().map(|(name, _)| name);
        names.filter(|name| self.entries(name, environment).next().is_some()).collect()
    }

    fn edges(&self) -> impl Iterator<Item = (&Locked, &Edge)> {
        self.packages.iter().flat_map(|package| package.edges.iter().map(move |edge| (package, edge)))
    }
}
