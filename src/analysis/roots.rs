//! Which files a run can begin with, and which functions no run reaches.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::analysis::Workspace;
use crate::analysis::acting::Acting;
use crate::analysis::seeds::Seeds;
use crate::entry::Launch;
use crate::files::Role;
use crate::interpret::Unit;
use crate::interpret::trace::Root;
use crate::ir::{Name, Span};
use crate::project::Module;
use crate::project::launchers::{Program, console_scripts};

/// The files that are run: scripts, `__main__.py`, modules that nobody imports, and what another
/// program runs because of its name.
pub fn roots(workspace: &Workspace, seeds: &Seeds) -> Vec<Root> {
    let modules: Vec<&Module> = workspace.modules.iter().collect();
    let acting = Acting::of(workspace, seeds);
    let launch = |(index, module): (usize, &&Module)| launch_of(workspace, &acting, index, module);
    let launches: Vec<Option<Launch>> = modules.par_iter().enumerate().map(launch).collect();
    let started = launches.into_iter().enumerate().filter_map(|(module, launch)| Some((module, launch?)));
    let mut roots: Vec<Root> =
        started.map(|(module, launch)| Root { module, launch, function: None }).collect();
    add_programs(workspace, &mut roots);
    roots.extend(console_roots(workspace));
    add_libraries(workspace, &mut roots);
    let commands = workspace.modules.iter().enumerate().filter(|(_, module)| module.command.is_some());
    roots.extend(commands.map(|(module, _)| Root { module, launch: Launch::Launcher, function: None }));
    roots
}

/// How a file is run by itself, if it is.
fn launch_of(workspace: &Workspace, acting: &Acting, index: usize, module: &Module) -> Option<Launch> {
    let can_matter = matches!(module.file.role, Role::Seed | Role::Importer);
    if !module.file.given || !can_matter {
        return None;
    }
    if module.is_notebook() {
        return Some(Launch::Notebook);
    }
    let is_main = module.path.file_name().is_some_and(|name| name == "__main__.py");
    let is_hosted = module.host().is_some();
    let is_started = is_main || is_hosted || module.has_main_guard();
    if !is_started && module.file.imported {
        return None;
    }
    let look = |text: &str| {
        let may_act = is_started || module.file.role == Role::Seed || calls_at_top(text);
        (may_act, text.lines().any(|line| line.starts_with("from .")))
    };
    // What cannot be read is told of by who runs it.
    let (may_act, relative) = module.glance(look).unwrap_or((true, false));
    if !may_act || (!is_started && !acting.acts(workspace, index)) {
        return None;
    }
    Some(if is_main || (relative && !is_hosted) { Launch::Module } else { Launch::Script })
}

/// Files that a command line runs are roots; the command line tells, where all agree, that it is `-m`.
fn add_programs(workspace: &Workspace, roots: &mut Vec<Root>) {
    for program in &workspace.programs {
        let Some(module) = workspace.modules.at(&program.path) else { continue };
        if !workspace.modules[module].file.given {
            continue;
        }
        let as_file = |other: &Program| other.path == program.path && other.module.is_none();
        let named = || Some(workspace.project_of(module).dotted_name(module));
        let only_as_module = !workspace.programs.iter().any(as_file) && program.module == named();
        let is_main = program.path.file_name().is_some_and(|name| name == "__main__.py");
        let launch = if only_as_module || is_main { Launch::Module } else { Launch::Script };
        match roots.iter_mut().find(|root| root.module == module) {
            Some(root) if only_as_module => root.launch = Launch::Module,
            Some(_) => {}
            None => roots.push(Root { module, launch, function: None }),
        }
    }
}

/// The modules of a library that may set a policy: programs that nobody sees here import them.
fn add_libraries(workspace: &Workspace, roots: &mut Vec<Root>) {
    for (index, module) in workspace.modules.iter().enumerate() {
        let project = workspace.project_of(index);
        let may_matter = project.is_library
            && module.file.given
            && module.file.role == Role::Seed
            && module.command.is_none()
            && !module.is_notebook()
            && !module.is_test(&project.top);
        let is_new = || !roots.iter().any(|root| root.module == index && root.function.is_none());
        if may_matter && is_new() && module.source().text.contains("set_event_loop_policy") {
            roots.push(Root { module: index, launch: Launch::Import, function: None });
        }
    }
}

/// Why a module of the universe is nowhere the beginning of a run.
pub fn why_no_root(workspace: &Workspace, module: usize) -> &'static str {
    let file = &workspace.modules[module].file;
    match file.role {
        Role::Seed | Role::Importer if file.imported => {
            "Other files import it and it has no main guard, so no run begins with it; no run that was followed imports it."
        }
        Role::Seed | Role::Importer => {
            "It has no main guard and does nothing at its top level that may start a loop, so no run begins with it."
        }
        // Nobody asks about a command line by the name of its file.
        Role::Imported | Role::Command => {
            "No run begins with it: neither it nor what imports it names anything that starts or chooses a loop."
        }
    }
}

/// The functions that console and GUI scripts call.
fn console_roots(workspace: &Workspace) -> Vec<Root> {
    let mut roots = Vec::new();
    for project in &workspace.projects {
        for script in console_scripts(&project.root) {
            let Some(module) = project.imported(&script.module) else { continue };
            if workspace.modules[module].file.given {
                let function = Some((script.function.as_str().into(), Span::default()));
                roots.push(Root { module, launch: Launch::ConsoleScript, function });
            }
        }
    }
    roots
}

/// A line that calls something without indentation: the module does something when it is run.
fn calls_at_top(text: &str) -> bool {
    text.lines().any(|line| {
        let name = line.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(0);
        name > 0 && line[name..].starts_with('(') && !line.starts_with("print(")
    })
}

/// Functions and methods that call something like a runner and did not run from any root.
pub fn unreached(seeds: &Seeds, executed: &BTreeSet<(Unit, Span)>) -> Vec<Root> {
    let root = |(module, name, span): (usize, &Name, Span)| Root {
        module,
        launch: Launch::Function,
        function: Some((name.clone(), span)),
    };
    let rest =
        seeds.functions().filter(|(module, _, span)| !executed.contains(&(Unit::Project(*module), *span)));
    rest.map(root).collect()
}
