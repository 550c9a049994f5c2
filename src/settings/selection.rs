//! Which rules are reported, and which may be fixed.

use crate::error::{Error, nearest};
use crate::knowledge::pages::{self, RulePage};
use crate::settings::layer::{Origin, Setting};

/// A syntax error stays on when other rules are selected: without the file, nothing is known of it.
const ALWAYS_ON: &str = "LC000";

/// A set of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// One flag a rule, in the order of [`pages::rules`].
    on: Vec<bool>,
}

/// One layer's wishes about a set: where it starts, what is added and what is taken away.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    start: Option<Vec<Selector>>,
    add: Vec<Selector>,
    remove: Vec<Selector>,
}

/// What a person wrote to name rules: `ALL`, a prefix of a code, a code, or a name.
#[derive(Clone, Debug)]
pub struct Selector {
    /// How much it says; a code outranks a prefix.
    weight: usize,
    matches: Vec<bool>,
}

impl RuleSet {
    pub fn all() -> RuleSet {
        RuleSet { on: vec![true; pages::rules().len()] }
    }

    /// Is the rule with this code in the set?
    pub fn contains(&self, code: &str) -> bool {
        let place = pages::rules().iter().position(|rule| rule.code == code);
        // A rule without a page cannot be named by a person, so no one has taken it away.
        place.is_none_or(|index| self.on[index])
    }

    /// The rules in the set, sorted by code.
    pub fn codes(&self) -> Vec<&'static str> {
        let rules = pages::rules().iter().zip(&self.on);
        rules.filter(|(_, on)| **on).map(|(rule, _)| rule.code).collect()
    }

    /// Applies one layer. Among wishes that disagree, the one that says more wins, then taking away.
    pub fn apply(&mut self, wishes: &Wishes) {
        if wishes.start.is_some() {
            for (rule, on) in pages::rules().iter().zip(&mut self.on) {
                *on = rule.code == ALWAYS_ON;
            }
        }
        let mut steps: Vec<(usize, bool, &Selector)> = Vec::new();
        let added = wishes.start.iter().flatten().chain(&wishes.add);
        steps.extend(added.map(|selector| (selector.weight, true, selector)));
        steps.extend(wishes.remove.iter().map(|selector| (selector.weight, false, selector)));
        steps.sort_by_key(|(weight, adds, _)| (*weight, !adds));
        for (_, adds, selector) in steps {
            for (on, matched) in self.on.iter_mut().zip(&selector.matches) {
                if *matched {
                    *on = adds;
                }
            }
        }
    }
}

impl Wishes {
    /// # Errors
    ///
    /// When a selector matches no rule.
    pub fn start(&mut self, setting: &Setting) -> Result<(), Error> {
        self.start = Some(selectors(setting)?);
        Ok(())
    }

    /// # Errors
    ///
    /// As [`Wishes::start`].
    pub fn add(&mut self, setting: &Setting) -> Result<(), Error> {
        self.add.extend(selectors(setting)?);
        Ok(())
    }

    /// # Errors
    ///
    /// As [`Wishes::start`].
    pub fn remove(&mut self, setting: &Setting) -> Result<(), Error> {
        self.remove.extend(selectors(setting)?);
        Ok(())
    }
}

impl Selector {
    /// # Errors
    ///
    /// When the text matches no rule.
    pub fn parse(text: &str, origin: &Origin) -> Result<Selector, Error> {
        let typed = text.trim();
        let upper = typed.to_uppercase();
        let matched = |rule: &RulePage| {
            upper == "ALL"
                || (upper.starts_with("LC") && rule.code.starts_with(&upper))
                || rule.name.eq_ignore_ascii_case(typed)
        };
        let matches: Vec<bool> = pages::rules().iter().map(matched).collect();
        if !matches.contains(&true) {
            return Err(unknown_rule(typed).at(origin.to_string()));
        }
        let weight = if upper == "ALL" {
            0
        } else if upper.starts_with("LC") {
            upper.len()
        } else {
            ALWAYS_ON.len()
        };
        Ok(Selector { weight, matches })
    }

    /// Does it name the rule with this code?
    pub fn names(&self, code: &str) -> bool {
        let place = pages::rules().iter().position(|rule| rule.code == code);
        place.is_some_and(|index| self.matches[index])
    }
}

/// The error for a code, prefix or name that no rule has.
pub fn unknown_rule(typed: &str) -> Error {
    let help = match meant_rule(typed) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`loopcheck rule --all` lists the rules".to_owned(),
    };
    Error::new(format!("unknown rule `{typed}`")).help(help)
}

/// The code or name of a rule that a mistyped one was most likely meant to be.
pub fn meant_rule(typed: &str) -> Option<&'static str> {
    let upper = typed.to_uppercase();
    // Codes are so alike that only a slip of one character can be understood.
    match upper.starts_with("LC") {
        true => {
            pages::rules().iter().map(|rule| rule.code).find(|code| strsim::levenshtein(code, &upper) <= 1)
        }
        false => nearest(typed, pages::rules().iter().map(|rule| rule.name)),
    }
}

fn selectors(setting: &Setting) -> Result<Vec<Selector>, Error> {
    let texts = setting.value.texts(setting.key)?;
    texts.into_iter().map(|(text, origin)| Selector::parse(text, origin)).collect()
}
