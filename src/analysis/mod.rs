//! The whole flow, from settings to findings and to fixed files.

mod acting;
mod cells;
mod entries;
mod explain;
mod pythons;
mod roots;
mod runs;
mod seeds;
mod standing;
mod workspace;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::entry::Entry;
use crate::error::Error;
use crate::files::{self, Source};
use crate::finding::{Finding, Place, Severity, ShownPath};
use crate::fix;
use crate::interpret::Unit;
use crate::interpret::trace::RootTrace;
use crate::knowledge::pages;
use crate::project::Project;
use crate::project::evidence::{Deployment, Reason};
use crate::rules;
use crate::settings::{Settings, Windows};
use crate::suppress::{self, Silenced};

pub use explain::{Explained, Explanation, explain};
pub use workspace::Workspace;

/// The text of every file that a finding stands in.
pub type Sources = BTreeMap<ShownPath, Arc<Source>>;

/// What loopcheck knows about a project after the paper runs.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Sorted by path, line, column and code; those that the selection, the per-file ignores and the
    /// suppressions let through. Fixes of rules that may not be fixed are absent.
    pub findings: Vec<Finding>,
    /// Findings that a comment or the baseline takes out of the report, sorted likewise.
    pub silenced: Vec<Silenced>,
    /// Sorted by path, line, column, root; reached before unreached.
    pub entries: Vec<Entry>,
    pub files_checked: usize,
    pub sources: Sources,
    /// In the order of their folders; only [`survey`] tells.
    pub deployed: Vec<Deployed>,
    /// Some warning would be an error if the project were known to be deployed on Windows.
    pub is_deployment_open: bool,
    /// Files that could not be read: exit status 2.
    pub failures: Vec<Failure>,
    /// Sentences for the person that belong to no place.
    pub notices: Vec<String>,
}

/// Where a project is deployed, and what tells so.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The folder, as it is shown.
    pub root: ShownPath,
    pub verdict: Deployment,
    /// The configuration decides it, whatever the files tell.
    pub is_configured: bool,
    /// The strongest first.
    pub reasons: Vec<DeployedBy>,
}

/// One piece of evidence. Positive points speak for Windows; 3 in one place settle it, and 3 against it
/// in sum do where nothing speaks for it.
#[derive(Clone, Debug)]
pub struct DeployedBy {
    pub points: i32,
    pub place: Place,
    pub message: String,
}

/// A file that loopcheck could not read or write.
#[derive(Clone, Debug)]
pub struct Failure {
    pub path: ShownPath,
    pub message: String,
}

/// What became of the files after their fixes, written or not.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// Sorted by path.
    pub changed: Vec<ChangedFile>,
    /// What is still to say about the project as it stands after the fixes.
    pub remaining: Analysis,
    /// Files whose fixes were not applied, and why.
    pub left_alone: Vec<(ShownPath, String)>,
}

#[derive(Clone, Debug)]
pub struct ChangedFile {
    pub path: PathBuf,
    pub shown: ShownPath,
    pub before: Arc<Source>,
    pub after: String,
    /// How many findings of each rule the change cures, sorted by code.
    pub fixed: Vec<FixedRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedRule {
    pub code: &'static str,
    pub name: &'static str,
    pub count: usize,
}

/// Runs every entry point of the project on paper.
///
/// # Errors
///
/// When the project as a whole cannot be analysed; a single bad file is a [`Failure`].
pub fn analyse(settings: &Settings) -> Result<Analysis, Error> {
    on_deep_stacks(settings, || {
        let (settings, workspace) = Workspace::open(settings)?;
        Ok(examine(&settings, &workspace).0)
    })
}

/// As [`analyse`], for who asks about entries only: no cure is sought, for proving one costs several runs.
///
/// # Errors
///
/// As [`analyse`].
pub fn survey(settings: &Settings) -> Result<Analysis, Error> {
    on_deep_stacks(settings, || {
        let (settings, workspace) = Workspace::open(settings)?;
        let traces = runs::run_all(&workspace);
        let mut analysis = Analysis {
            entries: entries::entries(&workspace, &traces),
            deployed: deployed(&settings, &workspace),
            failures: workspace.failures(),
            files_checked: workspace.files_checked,
            notices: workspace.notices.clone(),
            ..Analysis::default()
        };
        cells::tell_cells(&settings, &workspace, &mut analysis);
        Ok(analysis)
    })
}

/// Analyses, applies the fixes that the settings allow, and analyses again.
///
/// Nothing is written to disk without `write`.
///
/// # Errors
///
/// As [`analyse`].
pub fn fix(settings: &Settings, write: bool) -> Result<Fixed, Error> {
    on_deep_stacks(settings, || {
        let (settings, workspace) = Workspace::open(settings)?;
        fix::apply_all(&settings, workspace, |_| true, write)
    })
}

/// As [`fix`] without writing, for the findings in the file shown as `path` only. Their cures may
/// reach into other files.
///
/// # Errors
///
/// As [`analyse`].
pub fn fix_file(settings: &Settings, path: &str) -> Result<Fixed, Error> {
    on_deep_stacks(settings, || {
        let (settings, workspace) = Workspace::open(settings)?;
        fix::apply_all(&settings, workspace, |finding| *finding.place.path == *path, false)
    })
}

/// The files that would be checked, sorted.
///
/// # Errors
///
/// When a path that was named does not exist.
pub fn files(settings: &Settings) -> Result<Vec<ShownPath>, Error> {
    workspace::walked_files(settings)
}

/// The settings with those of the folders, and where the projects are deployed, without running them.
///
/// # Errors
///
/// As [`analyse`].
pub fn settle(settings: &Settings) -> Result<(Settings, Vec<Deployed>), Error> {
    let (settings, workspace) = Workspace::open(settings)?;
    let deployed = deployed(&settings, &workspace);
    Ok((settings, deployed))
}

fn deployed(settings: &Settings, workspace: &Workspace) -> Vec<Deployed> {
    let reason = |reason: &Reason| DeployedBy {
        points: reason.points,
        place: rules::line_place(workspace, &reason.path, reason.line),
        message: reason.message.clone(),
    };
    let of = |project: &Project| Deployed {
        root: files::shown_path(&project.root, &workspace.cwd),
        verdict: project.evidence.verdict,
        is_configured: settings.at(&project.root).windows != Windows::Auto,
        reasons: project.evidence.reasons.iter().map(reason).collect(),
    };
    let mut all: Vec<Deployed> = workspace.projects.iter().map(of).collect();
    all.sort_by(|a, b| a.root.cmp(&b.root));
    all
}

/// Whether it is only a warning because nothing tells where the project runs.
fn is_capped(workspace: &Workspace, traces: &[RootTrace], diagnosis: &rules::Diagnosis) -> bool {
    let table = pages::find(diagnosis.finding.code).map(|rule| rule.severity);
    let Some(trace) = diagnosis.trace.map(|index| &traces[index]) else { return false };
    (diagnosis.finding.severity, table) == (Severity::Warning, Some(Severity::Error))
        && rules::deployment(workspace, trace) == Deployment::Unknown
}

/// Whether a finding is about the module that its program begins with.
fn is_at_home(traces: &[RootTrace], diagnosis: &rules::Diagnosis) -> bool {
    let root = diagnosis.trace.map(|index| Unit::Project(traces[index].root.module));
    root.is_some() && root == diagnosis.site.map(|site| site.unit)
}

/// Findings with their cures, and everything else there is to say.
pub fn examine(settings: &Settings, workspace: &Workspace) -> (Analysis, Vec<rules::Diagnosis>) {
    let traces = runs::run_all(workspace);
    let entries = entries::entries(workspace, &traces);
    let mut diagnoses = rules::check_all(workspace, &traces);
    // What nobody will see needs no cure, and proving one costs several runs.
    let mut silenced = if settings.ignores {
        suppress::apply(settings, workspace, &traces, &entries, &mut diagnoses)
    } else {
        Vec::new()
    };
    diagnoses.retain(|diagnosis| settings.admits(&diagnosis.finding));
    silenced.retain(|silenced| settings.admits(&silenced.finding));
    // Of several programs that come to a call, the one in whose module it stands is told of: what is
    // cured there is cured for the others.
    diagnoses.sort_by_key(|diagnosis| !is_at_home(&traces, diagnosis));
    let mut diagnoses = rules::settle(diagnoses);
    let mut sources = Sources::new();
    let told = diagnoses.iter().map(|diagnosis| &diagnosis.finding);
    for finding in told.chain(silenced.iter().map(|silenced| &silenced.finding)) {
        if let Some(module) = workspace.modules.iter().find(|module| module.shown == finding.place.path) {
            sources.insert(module.shown.clone(), module.source().clone());
        }
    }
    let mut notices = workspace.notices.clone();
    if let Some(baseline) = &workspace.baseline {
        let (known, notice) = baseline.take(settings, &sources, &mut diagnoses);
        silenced.extend(known);
        notices.extend(notice);
    }
    silenced.sort_by(|a, b| (&a.finding.place, a.finding.code).cmp(&(&b.finding.place, b.finding.code)));
    fix::plan_all(settings, workspace, &traces, &mut diagnoses);
    let mut findings: Vec<Finding> = diagnoses.iter().map(|diagnosis| diagnosis.finding.clone()).collect();
    for finding in findings.iter_mut().filter(|finding| !settings.fixes(finding)) {
        finding.fix = None;
    }
    let mut analysis = Analysis {
        findings,
        silenced,
        entries,
        files_checked: workspace.files_checked,
        sources,
        deployed: Vec::new(),
        is_deployment_open: diagnoses.iter().any(|diagnosis| is_capped(workspace, &traces, diagnosis)),
        failures: workspace.failures(),
        notices,
    };
    cells::tell_cells(settings, workspace, &mut analysis);
    (analysis, diagnoses)
}

/// The paper run recurses as deeply as the program nests; its threads have room for that.
fn on_deep_stacks<T: Send>(
    settings: &Settings,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    const STACK: usize = 256 << 20;
    // One program is followed by one thread; another would take longer to start than it could help.
    let is_one = matches!(&settings.paths[..], [path] if settings.cwd.join(path).is_file());
    let threads = settings.jobs.map_or(usize::from(is_one), std::num::NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build();
    match pool {
        Ok(pool) => pool.install(work),
        Err(error) => {
            Err(Error::new("loopcheck could not start its threads").at(error.to_string()).help("try `-j 1`"))
        }
    }
}
