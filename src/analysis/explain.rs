//! What there is to explain at a place: the runs that come by, each with a record of its steps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::analysis::entries::{Located, located};
use crate::analysis::{Workspace, on_deep_stacks, roots, runs, workspace};
use crate::entry::{Entry, Launch};
use crate::error::Error;
use crate::files::{self, Source};
use crate::finding::ShownPath;
use crate::interpret::Unit;
use crate::interpret::trace::{RootTrace, Site};
use crate::ir::{Span, Stmt, StmtKind};
use crate::project::python_versions::Minor;
use crate::settings::Settings;

/// Runs without an entry that are shown for one question.
const RUNS: usize = 3;

/// A place in a file, and what was found there.
#[derive(Debug)]
pub struct Explanation {
    pub workspace: Workspace,
    pub runs: Vec<Explained>,
    /// Why there is no entry, in sentences; empty when there is one.
    pub nothing: Vec<String>,
}

/// One recorded run.
#[derive(Debug)]
pub struct Explained {
    pub trace: Arc<RootTrace>,
    /// The entry that is explained, and its call.
    pub entry: Option<(Entry, Site)>,
    /// Without an entry: the code that was asked about.
    pub about: Option<Site>,
}

/// Finds the entries at a line of a file, or all that begin or stand in it, and runs them again with a record.
///
/// # Errors
///
/// When the file does not exist or has no such line, or the project cannot be analysed.
pub fn explain(settings: &Settings, file: &Path, line: Option<u32>) -> Result<Explanation, Error> {
    on_deep_stacks(settings, || {
        let path = settings.cwd.join(file);
        let shown = files::shown_path(&path, &settings.cwd);
        let source = Source::read(path.clone(), shown.clone())
            .map_err(|error| Error::new(format!("cannot read {shown}")).at(error.to_string()))?;
        let lines = source.text.lines().count().max(1) as u32;
        if line.is_some_and(|line| line == 0 || line > lines) {
            return Err(Error::new(format!("{shown} has {lines} lines"))
                .help(format!("give a line from 1 to {lines}, or the file alone")));
        }
        let (settings, workspace) = Workspace::open(settings)?;
        let asked = Asked { workspace: &workspace, path: &path, shown: &shown, line };
        let (runs, nothing) = asked.answer(&settings)?;
        Ok(Explanation { workspace, runs, nothing })
    })
}

struct Asked<'a> {
    workspace: &'a Workspace,
    path: &'a PathBuf,
    shown: &'a ShownPath,
    line: Option<u32>,
}

type Answer = (Vec<Explained>, Vec<String>);

impl Asked<'_> {
    fn answer(&self, settings: &Settings) -> Result<Answer, Error> {
        let modules = self.modules();
        let Some(module) = modules.first().copied() else {
            return Ok((Vec::new(), vec![self.outside(settings)?]));
        };
        let traces = runs::run_all(self.workspace);
        let found: Vec<Located> = located(self.workspace, &traces)
            .into_iter()
            .filter(|found| self.is_meant(&modules, found, &traces[found.trace]))
            .collect();
        if found.is_empty() {
            return Ok(self.no_entry(module, &modules, &traces));
        }
        let mut recorded: BTreeMap<(usize, Option<Minor>), Arc<RootTrace>> = BTreeMap::new();
        let explained = found
            .into_iter()
            .map(|found| {
                let python = found.entry.python;
                let trace = recorded
                    .entry((found.trace, python))
                    .or_insert_with(|| Arc::new(runs::record(self.workspace, &traces, found.trace, python)))
                    .clone();
                Explained { trace, entry: Some((found.entry, found.call)), about: None }
            })
            .collect();
        Ok((explained, Vec::new()))
    }

    /// The module of the file; of a launcher, its command lines.
    fn modules(&self) -> Vec<usize> {
        let modules = &self.workspace.modules;
        let is_command =
            |module: &crate::project::Module| module.command.is_some() && module.path == *self.path;
        let commands = modules.iter().enumerate().filter(|(_, module)| is_command(module));
        modules.at(self.path).into_iter().chain(commands.map(|(index, _)| index)).collect()
    }

    fn is_meant(&self, modules: &[usize], found: &Located, trace: &RootTrace) -> bool {
        let Unit::Project(module) = found.call.unit else { return false };
        let here = modules.contains(&module);
        let Some(line) = self.line else { return here || modules.contains(&trace.root.module) };
        if !here {
            return false;
        }
        let place = &found.entry.place;
        let on_call = (place.start.line..=place.end.line).contains(&line);
        on_call
            || self
                .statement(module)
                .is_some_and(|statement| statement.is_simple && statement.span.contains(found.call.span))
    }

    /// Why a file has no part in any run.
    fn outside(&self, settings: &Settings) -> Result<String, Error> {
        let shown = self.shown;
        let walked = workspace::walked_files(settings)?;
        Ok(if walked.contains(shown) {
            format!(
                "{shown} was not run: neither it nor what it imports mentions a way to start or choose an event loop"
            )
        } else {
            format!("{shown} was not run: it is excluded from what loopcheck looks at, or is no Python")
        })
    }

    /// What is said where no loop starts: which runs come by, and how they end.
    fn no_entry(&self, module: usize, modules: &[usize], traces: &[RootTrace]) -> Answer {
        let shown = self.shown;
        let what = match self.line {
            Some(line) => format!("No run starts a loop at {shown}:{line}."),
            None => format!("No run that begins in {shown} starts a loop, and none starts one there."),
        };
        let mut said = vec![what];
        if self.workspace.modules[module].readable().is_err() {
            said.push("The file cannot be parsed; `loopcheck check` says where.".into());
            return (Vec::new(), said);
        }
        let statement = self.statement(module);
        let function = statement.as_ref().and_then(|statement| statement.function.clone());
        let own = |trace: &&(usize, &RootTrace)| {
            function.as_ref().is_some_and(|function| {
                trace.1.root.module == module
                    && trace.1.root.function.as_ref().is_some_and(|(name, _)| **name == *function.name)
                    && trace.1.root.launch == Launch::Function
            })
        };
        let all: Vec<(usize, &RootTrace)> = traces.iter().enumerate().collect();
        let mut candidates: Vec<usize> = all.iter().filter(own).map(|(index, _)| *index).collect();
        let mut passing: Vec<usize> = all
            .iter()
            .filter(|(_, trace)| trace.modules.contains(&module) || modules.contains(&trace.root.module))
            .filter(|(_, trace)| trace.root.launch != Launch::Function)
            .map(|(index, _)| *index)
            .collect();
        // Those that begin in the file come first.
        passing.sort_by_key(|index| traces[*index].root.module != module);
        candidates.extend(passing);
        if candidates.is_empty() {
            said.push(roots::why_no_root(self.workspace, module).to_owned());
            if let Some(function) = &function {
                said.push(format!(
                    "`{}` is not called on its own either: it names nothing that starts a loop.",
                    function.name
                ));
            }
            return (Vec::new(), said);
        }
        let about =
            statement.as_ref().map(|statement| Site { unit: Unit::Project(module), span: statement.span });
        let mut explained: Vec<Explained> = candidates
            .iter()
            .take(RUNS)
            .map(|index| Explained {
                trace: Arc::new(runs::record(self.workspace, traces, *index, None)),
                entry: None,
                about,
            })
            .collect();
        if let (Some(statement), Some(line)) = (&statement, self.line) {
            let reach = |run: &Explained| reaches(&run.trace, Unit::Project(module), statement);
            let best = explained.iter().map(reach).max().unwrap_or(Reach::Not);
            said.push(match (best, &statement.function) {
                (Reach::Statement, _) => format!("Line {line} runs, and what happens there starts no loop."),
                (Reach::Function, Some(function)) => {
                    format!("`{}` is called, and the run does not come to line {line}.", function.name)
                }
                (_, Some(function)) => format!("No run calls `{}`.", function.name),
                (_, None) => format!("No run comes to line {line}."),
            });
            if best > Reach::Not {
                explained.retain(|run| reach(run) == best);
            }
        }
        if candidates.len() > RUNS {
            said.push(format!("{} runs execute {shown}; {} are shown.", candidates.len(), explained.len()));
        }
        (explained, said)
    }

    fn statement(&self, module: usize) -> Option<Statement> {
        let module = &self.workspace.modules[module];
        if module.command.is_some() {
            return None;
        }
        let code = module.code().ok()?;
        innermost(&code.body, module.source(), self.line?, None)
    }
}

/// How near a run came to a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Not,
    Function,
    Statement,
}

fn reaches(trace: &RootTrace, unit: Unit, statement: &Statement) -> Reach {
    let ran = |site: Site| trace.effort.iter().any(|effort| effort.ran.contains(&site));
    if ran(Site { unit, span: statement.span }) {
        return Reach::Statement;
    }
    let called = statement.function.as_ref().is_some_and(|function| {
        trace.effort.iter().any(|effort| {
            let inside = |site: &Site| site.unit == unit && function.body.contains(site.span);
            effort.ran.iter().any(inside)
        })
    });
    if called { Reach::Function } else { Reach::Not }
}

/// The statement at a line.
struct Statement {
    span: Span,
    /// It has no statements inside.
    is_simple: bool,
    function: Option<Function>,
}

#[derive(Clone)]
struct Function {
    /// Dotted, as in [`crate::interpret::trace::Root::function`].
    name: String,
    body: Span,
}

fn innermost(body: &[Stmt], source: &Source, line: u32, function: Option<&Function>) -> Option<Statement> {
    let stmt = body.iter().find(|stmt| covers(stmt, source, line))?;
    let inside = |body: &[Stmt]| innermost(body, source, line, function);
    let deeper = match &stmt.kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::While { body, orelse, .. }
        | StmtKind::For { body, orelse, .. } => inside(body).or_else(|| inside(orelse)),
        StmtKind::With { body, .. } => inside(body),
        StmtKind::Try { body, handlers, orelse, finalbody, .. } => inside(body)
            .or_else(|| handlers.iter().find_map(|handler| inside(&handler.body)))
            .or_else(|| inside(orelse))
            .or_else(|| inside(finalbody)),
        StmtKind::Match { cases, .. } => cases.iter().find_map(|case| inside(&case.body)),
        StmtKind::FunctionDef(code) => {
            let prefix = function.map_or(String::new(), |outer| format!("{}.", outer.name));
            let own = Function { name: format!("{prefix}{}", code.name), body: extent(&code.body) };
            innermost(&code.body, source, line, Some(&own))
        }
        StmtKind::ClassDef(class) => {
            let prefix = function.map_or(String::new(), |outer| format!("{}.", outer.name));
            let own = Function { name: format!("{prefix}{}", class.name), body: extent(&class.body) };
            innermost(&class.body, source, line, Some(&own))
        }
        _ => {
            let function = function.cloned();
            return Some(Statement { span: stmt.span, is_simple: true, function });
        }
    };
    deeper.or_else(|| Some(Statement { span: stmt.span, is_simple: false, function: function.cloned() }))
}

fn covers(stmt: &Stmt, source: &Source, line: u32) -> bool {
    let place = source.place(stmt.span);
    // An `elif` is a statement of its own, and those after it are not within its span.
    (place.start.line..=place.end.line).contains(&line)
        || matches!(&stmt.kind, StmtKind::If { orelse, .. } if orelse.iter().any(|stmt| covers(stmt, source, line)))
}

fn extent(body: &[Stmt]) -> Span {
    let start = body.first().map_or(0, |stmt| stmt.span.start);
    let end = body.last().map_or(start, |stmt| stmt.span.end);
    Span { start, end }
}
