//! LC205: a class where an instance belongs, or the other way round.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::Severity;
use crate::interpret::Unit;
use crate::interpret::trace::{EventKind, Misuse, RootTrace, Site};
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Diagnosis, Draft, Scope, place, scope_of};

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    if trace.root.launch == Launch::Function {
        return Vec::new();
    }
    let elsewhere = workspace.project_of(trace.root.module).evidence.verdict == Deployment::Elsewhere;
    let mut misused: BTreeMap<Site, Misuse> = BTreeMap::new();
    for path in &trace.paths {
        for event in &path.events {
            let (EventKind::Misused(misuse), Some(site)) = (&event.kind, event.site) else { continue };
            if !(elsewhere && path.platform == Platform::Windows) {
                misused.insert(site, *misuse);
            }
        }
    }
    let mut found = Vec::new();
    for (site, misuse) in misused {
        let (Unit::Project(module), Some(place)) = (site.unit, place(workspace, site)) else { continue };
        let scope = scope_of(workspace, module);
        if workspace.modules[module].file.given && scope != Scope::Test {
            found.push(draft(misuse, scope).about(place, index, site));
        }
    }
    found
}

/// What is wrong, and what belongs there.
pub fn misuse_in_words(misuse: Misuse) -> (&'static str, &'static str) {
    match misuse {
        Misuse::PolicyClass => (
            "The class of a policy is set as the policy",
            "an instance belongs here: the parentheses are missing",
        ),
        Misuse::LoopAsFactory => (
            "A loop is passed as the loop factory",
            "something that makes a loop belongs here, without parentheses",
        ),
        Misuse::ClassFromFactory => {
            ("The loop factory gives back a class", "it is called once, and what it gives back is the loop")
        }
    }
}

fn draft(misuse: Misuse, scope: Scope) -> Draft {
    let (message, label) = misuse_in_words(misuse);
    Draft {
        code: "LC205",
        severity: if scope == Scope::Application { Severity::Error } else { Severity::Info },
        message: message.into(),
        label: label.into(),
        why: match misuse {
            Misuse::PolicyClass => "a TypeError, or an AssertionError up to Python 3.10: the program ends here, or goes on without the policy",
            Misuse::LoopAsFactory | Misuse::ClassFromFactory => "a TypeError: the program ends here",
        }
        .into(),
        help: String::new(),
        related: Vec::new(),
    }
}
