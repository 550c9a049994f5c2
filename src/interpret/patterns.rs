//! `match`: which case a value takes, and the names its pattern binds.

use std::sync::Arc;

use crate::interpret::env::Env;
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::trace::Site;
use crate::interpret::value::{Object, Value};
use crate::ir::{self, CompareOp, Expr, Name, Pattern, Span};

impl<'p> Machine<'p> {
    /// Runs the body of the first case that takes the value; of each that may, in a way of its own.
    pub fn exec_match(&mut self, env: &Env<'_, 'p>, subject: &Expr, cases: &[ir::Case]) -> Flow<()> {
        let value = self.eval(env, subject)?;
        let value = self.settle_value(value);
        self.exec_cases(env, &value, cases)
    }

    fn exec_cases(&mut self, env: &Env<'_, 'p>, value: &Value, cases: &[ir::Case]) -> Flow<()> {
        let Some((case, rest)) = cases.split_first() else { return Ok(()) };
        let matched = self.matches(env, value, &case.pattern)?;
        let fits = match (matched, &case.guard) {
            (Some(false), _) => Some(false),
            (matched, None) => matched,
            (matched, Some(guard)) => {
                let guard = self.eval_test(env, guard)?;
                match (matched, self.truth(&guard)) {
                    (_, Some(false)) => Some(false),
                    (Some(true), answer) => answer,
                    _ => None,
                }
            }
        };
        let body = case.body.first().map_or(case.span.end, |stmt| stmt.span.start);
        let head = Span { start: case.span.start, end: body.max(case.span.start) };
        self.tested(Site { unit: env.unit, span: head }, value, fits, |machine| match fits {
            Some(true) => machine.exec(env, &case.body),
            Some(false) => machine.exec_cases(env, value, rest),
            None => {
                let text = machine.text(env.unit, case.span);
                let text: Arc<str> = text.split(':').next().unwrap_or("").into();
                machine
                    .explore(|machine| {
                        let label =
                            |n: usize| if n == 0 { text.clone() } else { format!("not {text}").into() };
                        if machine.choose(2, label) == 0 {
                            machine.exec(env, &case.body)
                        } else {
                            machine.exec_cases(env, value, rest)
                        }
                        .map(|()| Value::None)
                    })
                    .map(drop)
            }
        })
    }

    /// Whether a value fits a pattern; binds what the pattern captures.
    fn matches(&mut self, env: &Env<'_, 'p>, value: &Value, pattern: &Pattern) -> Flow<Option<bool>> {
        Ok(match pattern {
            Pattern::Value(expr) => {
                let other = self.eval(env, expr)?;
                let answer = self.compare(value.clone(), CompareOp::Eq, other)?;
                self.truth(&answer)
            }
            Pattern::Singleton(constant) => {
                let other = self.constant(constant);
                if value.is_unknown() { None } else { Some(value.same(&other)) }
            }
            Pattern::As { pattern, name } => {
                let fits = match pattern {
                    Some(pattern) => self.matches(env, value, pattern)?,
                    None => Some(true),
                };
                if let (Some(name), true) = (name, fits != Some(false)) {
                    self.bind(env, name, value.clone());
                }
                fits
            }
            Pattern::Or(patterns) => {
                let mut answer = Some(false);
                for pattern in patterns {
                    match self.matches(env, value, pattern)? {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Pattern::Sequence(patterns) => {
                let Some((items, false)) = self.items(value) else { return Ok(None) };
                if matches!(value, Value::Str(_) | Value::Bytes(_)) {
                    return Ok(Some(false));
                }
                let star = patterns.iter().position(|pattern| matches!(pattern, Pattern::Star(_)));
                let fixed = patterns.len() - usize::from(star.is_some());
                if items.len() < fixed || (star.is_none() && items.len() != fixed) {
                    return Ok(Some(false));
                }
                let mut answer = Some(true);
                let tail = star.map_or(0, |star| patterns.len() - star - 1);
                for (index, pattern) in patterns.iter().enumerate() {
                    let fits = match (pattern, star) {
                        (Pattern::Star(name), _) => {
                            let rest = items[index..items.len() - tail].to_vec();
                            if let Some(name) = name {
                                let rest = self.list(rest);
                                self.bind(env, name, rest);
                            }
                            Some(true)
                        }
                        (pattern, Some(star)) if index > star => {
                            let at = items.len() - (patterns.len() - index);
                            self.matches(env, &items[at].clone(), pattern)?
                        }
                        (pattern, _) => self.matches(env, &items[index].clone(), pattern)?,
                    };
                    match fits {
                        Some(false) => return Ok(Some(false)),
                        Some(true) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Pattern::Star(_) => Some(true),
            Pattern::Class { class, positional, keywords } => {
                let class = self.eval(env, class)?;
                let fits = self.is_instance(value, &class);
                if fits == Some(false) {
                    return Ok(Some(false));
                }
                let mut captured = Vec::new();
                positional
                    .iter()
                    .chain(keywords.iter().map(|(_, pattern)| pattern))
                    .for_each(|pattern| names_in(pattern, &mut captured));
                for name in &captured {
                    let unknown = self.unknown(&**name);
                    self.bind(env, name, unknown);
                }
                if positional.is_empty() && keywords.is_empty() { fits } else { None }
            }
            Pattern::Mapping { keys, patterns, rest: None } if self.known_mapping(value).is_some() => {
                let mut answer = Some(true);
                for (key, pattern) in keys.iter().zip(patterns) {
                    let key = self.eval(env, key)?;
                    let entries = self.known_mapping(value).unwrap_or_default();
                    let Some((_, item)) =
                        entries.iter().find(|(name, _)| self.equal(name, &key) == Some(true))
                    else {
                        let open = entries.iter().any(|(name, _)| self.equal(name, &key).is_none());
                        return Ok(if open { None } else { Some(false) });
                    };
                    match self.matches(env, item, pattern)? {
                        Some(false) => return Ok(Some(false)),
                        Some(true) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Pattern::Mapping { patterns, rest, .. } => {
                let mut captured: Vec<Name> = rest.iter().cloned().collect();
                patterns.iter().for_each(|pattern| names_in(pattern, &mut captured));
                for name in &captured {
                    let unknown = self.unknown(&**name);
                    self.bind(env, name, unknown);
                }
                None
            }
        })
    }

    /// The entries of a dictionary that holds nothing else.
    fn known_mapping(&self, value: &Value) -> Option<Vec<(Value, Value)>> {
        match value.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Dict(mapping)) if !mapping.open => Some(mapping.entries.clone()),
            _ => None,
        }
    }
}

fn names_in(pattern: &Pattern, names: &mut Vec<Name>) {
    match pattern {
        Pattern::Value(_) | Pattern::Singleton(_) => {}
        Pattern::Sequence(patterns) | Pattern::Or(patterns) => {
            patterns.iter().for_each(|p| names_in(p, names))
        }
        Pattern::Mapping { patterns, rest, .. } => {
            patterns.iter().for_each(|p| names_in(p, names));
            names.extend(rest.iter().cloned());
        }
        Pattern::Class { positional, keywords, .. } => {
            positional.iter().for_each(|p| names_in(p, names));
            keywords.iter().for_each(|(_, p)| names_in(p, names));
        }
        Pattern::Star(name) => names.extend(name.iter().cloned()),
        Pattern::As { pattern, name } => {
            if let Some(pattern) = pattern {
                names_in(pattern, names);
            }
            names.extend(name.iter().cloned());
        }
    }
}
