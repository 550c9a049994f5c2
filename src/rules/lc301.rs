//! LC301: a Windows-only name of asyncio that other platforms reach.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::Severity;
use crate::interpret::Unit;
use crate::interpret::trace::{EventKind, RootTrace, Site};
use crate::platform::Platform;
use crate::rules::{Diagnosis, Draft, Scope, place, scope_of};

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    if trace.root.launch == Launch::Function {
        return Vec::new();
    }
    let mut missing: BTreeMap<Site, (String, Vec<Platform>)> = BTreeMap::new();
    for path in &trace.paths {
        for event in &path.events {
            let (EventKind::Missing(name), Some(site)) = (&event.kind, event.site) else { continue };
            let entry = missing.entry(site).or_insert_with(|| (name.to_string(), Vec::new()));
            if !entry.1.contains(&path.platform) {
                entry.1.push(path.platform);
            }
        }
    }
    let mut found = Vec::new();
    for (site, (name, platforms)) in missing {
        let Unit::Project(module) = site.unit else { continue };
        let elsewhere = !platforms.contains(&Platform::Windows) && name.starts_with("asyncio.");
        if !elsewhere || !workspace.modules[module].file.given || scope_of(workspace, module) == Scope::Test {
            continue;
        }
        let Some(place) = place(workspace, site) else { continue };
        let shown: Vec<&str> = platforms.iter().map(|platform| platform.shown()).collect();
        let severity = match scope_of(workspace, module) {
            Scope::Application => Severity::Error,
            _ => Severity::Info,
        };
        let draft = Draft {
            code: "LC301",
            severity,
            message: format!("`{name}` does not exist on {}", shown.join(" and ")),
            label: "reached there without a platform test: AttributeError".into(),
            why: "the program dies here on every platform but Windows".into(),
            help: String::new(),
            related: Vec::new(),
        };
        found.push(draft.about(place, index, site));
    }
    found
}
