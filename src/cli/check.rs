//! `loopcheck check`: report, and with `--fix` repair.

use std::path::Path;

use crate::analysis::{self, Analysis, Failure, Fixed};
use crate::baseline;
use crate::cli::args::{self, Check};
use crate::cli::output::Output;
use crate::cli::{Exit, project};
use crate::error::Error;
use crate::files::{self, Source};
use crate::report::paint::Paint;
use crate::report::{self, Report, diff, evidence, fixes, visible};
use crate::settings::layer::{Layer, Origin, Raw, Setting, Value};
use crate::settings::{OutputFormat, Settings};
use crate::suppress::add;

/// A file that does not parse is not edited, and a comment about a comment helps nobody.
const UNIGNORABLE: [&str; 3] = ["LC000", "LC901", "LC902"];

pub fn run(args: &Check, output: &Output) -> Result<Exit, Error> {
    let mut settings = project::settings(&args.project, layer(args)?, output)?;
    settings.ignores = !args.no_ignores;
    on_github(args, &mut settings);
    if args.show_settings {
        let (settings, deployed) = analysis::settle(&settings)?;
        let lines: Vec<_> =
            settings.describe().lines().map(|line| visible::line(line).into_owned()).collect();
        // Comments, so that the whole is still a configuration.
        let evidence = evidence::render(&deployed);
        let evidence: String = evidence.lines().map(|line| format!("# {line}\n")).collect();
        output.write(&(lines.join("\n") + "\n\n" + &evidence))?;
        return Ok(Exit::Clean);
    }
    if args.show_files {
        let files = analysis::files(&settings)?;
        let lines: String = files.iter().map(|file| format!("{}\n", visible::line(file))).collect();
        output.write(&lines)?;
        return Ok(Exit::Clean);
    }
    if let Some(file) = &args.write_baseline {
        return write_baseline(args, settings, file, output);
    }
    if let Some(reason) = &args.add_ignore {
        return add_ignore(args, &settings, reason, output);
    }
    if args.diff {
        return show_diff(args, &settings, output);
    }
    if args.fix || args.fix_only {
        return fix(args, &settings, output);
    }
    let analysis = analysis::analyse(&settings)?;
    let found = report(args, &settings, &analysis, "", output)?;
    Ok(exit(args, &analysis, found))
}

/// GitHub Actions gets annotations beside the text, unless somebody chose a format.
fn on_github(args: &Check, settings: &mut Settings) {
    const VARIABLE: &str = "GITHUB_ACTIONS";
    let chosen = args.output_file.is_some() || settings.origins.contains_key("output-format");
    if !chosen && std::env::var_os(VARIABLE).is_some_and(|value| value == "true") {
        settings.output_format = OutputFormat::Github;
        settings.origins.insert("output-format", Origin::Argument(VARIABLE.into()));
    }
}

/// `--write-baseline`: what is found now is known from now on.
fn write_baseline(args: &Check, mut settings: Settings, file: &Path, output: &Output) -> Result<Exit, Error> {
    settings.baseline = None;
    let path = files::absolute(file, &settings.cwd);
    let shown = files::shown_path(&path, &settings.cwd);
    let analysis = analysis::analyse(&settings)?;
    let count = baseline::write(&analysis, &settings, &path)?;
    tell(&analysis, &settings, output);
    let (findings, them) = (report::plural(count, "finding"), if count == 1 { "it" } else { "them" });
    output.message(&format!("Wrote {findings} to {shown}. `--baseline {shown}` leaves {them} out.\n"));
    Ok(exit(args, &analysis, false))
}

/// `--add-ignore`: a comment for every finding that is reported.
fn add_ignore(args: &Check, settings: &Settings, reason: &str, output: &Output) -> Result<Exit, Error> {
    if settings.stdin.is_some() {
        return Err(
            Error::new("--add-ignore cannot write into standard input").help("name the file instead of `-`")
        );
    }
    if reason.contains(['\n', '\r']) {
        return Err(Error::new("the reason of --add-ignore must stand on one line"));
    }
    let mut analysis = analysis::analyse(settings)?;
    let added = add::add(&analysis, reason, |finding| {
        settings.shows(finding) && !UNIGNORABLE.contains(&finding.code)
    });
    let (mut findings, mut files) = (0, 0);
    for (shown, (text, count)) in &added.texts {
        match store(&analysis.sources[shown], text) {
            Ok(()) => (findings, files) = (findings + count, files + 1),
            Err(message) => analysis.failures.push(Failure { path: shown.clone(), message }),
        }
    }
    tell(&analysis, settings, output);
    for (place, why) in &added.left {
        output.warning(format!("{}: {why}", visible::line(place)));
    }
    let told = (report::plural(findings, "finding"), report::plural(files, "file"));
    output.message(&match (added.texts.is_empty(), files) {
        (true, _) => "Nothing to ignore.\n".to_owned(),
        // The failures were told.
        (false, 0) => String::new(),
        (false, _) => format!("Added suppression comments for {} in {}.\n", told.0, told.1),
    });
    Ok(exit(args, &analysis, false))
}

/// Links are followed within the project of the file.
fn store(source: &Source, text: &str) -> Result<(), String> {
    let root = files::project_root(source.path.parent().unwrap_or(&source.path));
    files::store(source, &root, text)
}

/// `--diff`: nothing is written, what would be fixed is shown.
fn show_diff(args: &Check, settings: &Settings, output: &Output) -> Result<Exit, Error> {
    let fixed = analysis::fix(settings, false)?;
    let is_file = args.output_file.is_some();
    let paint = if is_file { Paint::PLAIN } else { output.paint };
    let text = diff::render(&fixed.changed, paint, output.is_screen() && !is_file);
    output.write_to(args.output_file.as_deref(), &text)?;
    tell(&fixed.remaining, settings, output);
    tell_left_alone(&fixed, output);
    let summary = fixes::render(&fixed, "Would fix", args.show_fixes, Paint::PLAIN);
    output.message(if summary.is_empty() { "Nothing to fix.\n" } else { &summary });
    Ok(exit(args, &fixed.remaining, !fixed.changed.is_empty()))
}

fn fix(args: &Check, settings: &Settings, output: &Output) -> Result<Exit, Error> {
    // What came through standard input goes to standard output; its file, if there is one, is not ours.
    let mut fixed = analysis::fix(settings, settings.stdin.is_none())?;
    let to_stdout = settings.stdin.is_some() && args.output_file.is_none();
    if let Some(stdin) = &settings.stdin {
        let encoded = fixed.changed.first().map(|file| (file.shown.clone(), file.before.encode(&file.after)));
        let bytes = match encoded {
            Some((_, Ok(bytes))) => bytes,
            Some((path, Err(error))) => {
                fixed.changed.clear();
                fixed.remaining.failures.push(Failure { path, message: error.to_string() });
                stdin.bytes.clone()
            }
            None => stdin.bytes.clone(),
        };
        output.write_bytes(&bytes)?;
    }
    tell_left_alone(&fixed, output);
    let paint = if args.output_file.is_some() || to_stdout { Paint::PLAIN } else { output.paint };
    let done = fixes::render(&fixed, "Fixed", args.show_fixes, paint);
    let found = if args.fix_only {
        tell(&fixed.remaining, settings, output);
        output.message(&done);
        false
    } else {
        report(args, settings, &fixed.remaining, &done, output)?
    };
    let changed = args.exit_non_zero_on_fix && !fixed.changed.is_empty();
    Ok(exit(args, &fixed.remaining, found || changed))
}

/// Writes the report. Says whether something in it is bad enough to fail.
fn report(
    args: &Check,
    settings: &Settings,
    analysis: &Analysis,
    done: &str,
    output: &Output,
) -> Result<bool, Error> {
    let mut report = Report::new(analysis, settings);
    report.summary = !output.quiet;
    // Standard output belongs to the fixed source when standard input was fixed.
    let source_on_stdout = settings.stdin.is_some() && args.fix && args.output_file.is_none();
    let plain = source_on_stdout || args.output_file.is_some();
    let paint = if plain { Paint::PLAIN } else { output.paint };
    let format = settings.output_format;
    let text = if args.statistics {
        report::render_statistics(&report, format, paint)
    } else {
        report::render(&report, format, paint)
    };
    let for_people = format.is_for_people();
    if !for_people {
        output.message(done);
    }
    let text = if for_people && !output.quiet { format!("{done}{text}") } else { text };
    if source_on_stdout {
        output.message(&text);
    } else {
        output.write_to(args.output_file.as_deref(), &text)?;
    }
    tell(analysis, settings, output);
    Ok(report.worst().is_some_and(|worst| worst >= settings.fail_on))
}

/// What stands in no report: failures and notices.
fn tell(analysis: &Analysis, settings: &Settings, output: &Output) {
    for failure in &analysis.failures {
        output.error(format!("{}: {}", visible::line(&failure.path), visible::line(&failure.message)));
        if let Some(command) = args::meant_command(&failure.path) {
            output.message(&format!("  help: did you mean the command `{command}`?\n"));
        }
    }
    for notice in &analysis.notices {
        output.note(visible::line(notice));
    }
    if analysis.files_checked == 0 && settings.stdin.is_none() && analysis.failures.is_empty() {
        output.warning("no Python files found under the given paths");
    }
    output.detail(format!("{} checked", report::plural(analysis.files_checked, "file")));
}

fn tell_left_alone(fixed: &Fixed, output: &Output) {
    for (path, reason) in &fixed.left_alone {
        output.warning(format!("{} was left as it is: {}", visible::line(path), visible::line(reason)));
    }
}

/// A failure outranks findings and is never hidden by `--exit-zero`.
fn exit(args: &Check, analysis: &Analysis, found: bool) -> Exit {
    if !analysis.failures.is_empty() {
        Exit::Failed
    } else if found && !args.exit_zero {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

/// The arguments that stand for settings.
fn layer(args: &Check) -> Result<Layer, Error> {
    let mut layer = Layer::new();
    let lists = [
        ("select", "--select", &args.select),
        ("ignore", "--ignore", &args.ignore),
        ("extend-select", "--extend-select", &args.extend_select),
        ("fixable", "--fixable", &args.fixable),
        ("unfixable", "--unfixable", &args.unfixable),
    ];
    for (key, flag, texts) in lists {
        layer.extend(texts.as_ref().map(|texts| project::list(key, flag, texts)));
    }
    if let Some(file) = &args.baseline {
        let file = Raw::Text(file.to_string_lossy().into_owned());
        layer.push(Setting::argument("baseline", "--baseline", file));
    }
    if let Some(pairs) = &args.per_file_ignores {
        layer.push(per_file_ignores(pairs)?);
    }
    layer
        .extend(args.output_format.map(|format| project::choice("output-format", "--output-format", format)));
    layer.extend(args.fail_on.map(|severity| project::choice("fail-on", "--fail-on", severity)));
    layer.extend(
        args.min_severity.map(|severity| project::choice("min-severity", "--min-severity", severity)),
    );
    layer.extend(project::flag(
        "unsafe-fixes",
        ("--unsafe-fixes", args.unsafe_fixes),
        ("--no-unsafe-fixes", args.no_unsafe_fixes),
    ));
    Ok(layer)
}

/// `tests/*.py:LC1`; the last colon counts, for a pattern may begin with a drive.
fn per_file_ignores(pairs: &[String]) -> Result<Setting, Error> {
    const FLAG: &str = "--per-file-ignores";
    let origin = Origin::Argument(FLAG.into());
    let mut map = Vec::new();
    for pair in pairs {
        let Some((pattern, rule)) = pair.rsplit_once(':') else {
            return Err(Error::new(format!("`{pair}` does not say which rule to ignore"))
                .at(FLAG)
                .help("write a pattern and a rule, such as --per-file-ignores 'tests/*.py:LC1'"));
        };
        let raw = Raw::list([rule.to_owned()], &origin);
        map.push((pattern.to_owned(), Value { raw, origin: origin.clone() }));
    }
    Ok(Setting::argument("per-file-ignores", FLAG, Raw::Map(map)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Args, Command};

    fn args(line: &str) -> Check {
        let words = ["loopcheck", "check"].into_iter().chain(line.split_whitespace());
        match Args::parse_from(words).command {
            Command::Check(check) => *check,
            other => panic!("not check: {other:?}"),
        }
    }

    #[test]
    fn a_failure_outranks_findings_and_is_never_hidden() {
        let clean = Analysis::default();
        let failure = Failure { path: "main.py".into(), message: "permission denied".into() };
        let failed = Analysis { failures: vec![failure], ..Analysis::default() };
        assert_eq!(exit(&args(""), &clean, false), Exit::Clean);
        assert_eq!(exit(&args(""), &clean, true), Exit::Findings);
        assert_eq!(exit(&args("--exit-zero"), &clean, true), Exit::Clean);
        assert_eq!(exit(&args("--exit-zero"), &failed, true), Exit::Failed);
    }

    #[test]
    fn arguments_become_settings_with_their_flag_as_origin() {
        let layer = layer(&args("--select LC1,LC2 --fail-on error --unsafe-fixes")).expect("good arguments");
        let told: Vec<String> =
            layer.iter().map(|setting| format!("{} {}", setting.key, setting.value.origin)).collect();
        assert_eq!(told, ["select --select", "fail-on --fail-on", "unsafe-fixes --unsafe-fixes"]);
    }

    #[test]
    fn a_pattern_may_hold_a_drive() {
        let setting = per_file_ignores(&["C:/app/*.py:LC1".to_owned()]).expect("a pair");
        let pairs = setting.value.map(setting.key).expect("a table");
        assert_eq!(pairs[0].0, "C:/app/*.py");
        assert!(per_file_ignores(&["main.py".to_owned()]).is_err());
    }
}
