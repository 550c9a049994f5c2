//! Which names may lead to a loop: those of functions whose code mentions something that starts or
//! chooses one, and of functions that mention such a name in turn.

use std::collections::hash_map::Entry;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::files::{Role, hash};
use crate::project::{Module, Modules};
use crate::python::{Outlined, outline};

/// The names, over all modules, as hashes: two names with one hash are taken for each other. Methods count
/// by their names alone, and their classes with them, since nobody knows here which object is meant.
///
/// Words such as `run` mean many things: they are believed only in modules that can start a loop, which
/// is the second argument of `starts`.
pub fn leading_names(modules: &Modules, starts: impl Fn(&str, bool) -> bool + Sync) -> FxHashSet<u32> {
    let list: Vec<&Module> = modules.iter().filter(|module| module.file.role != Role::Command).collect();
    let functions: Vec<Function> =
        list.par_iter().flat_map_iter(|module| functions(module, &starts)).collect();
    let mut by_word: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for name in functions.iter().flat_map(|function| function.names) {
        by_word.entry(name).or_default();
    }
    for (index, function) in functions.iter().enumerate() {
        for word in &function.words {
            // Other words are no functions.
            if let Entry::Occupied(mut known) = by_word.entry(*word) {
                known.get_mut().push(index as u32);
            }
        }
    }
    let mut leading: FxHashSet<u32> = FxHashSet::default();
    let mut rest: Vec<u32> = functions.iter().filter(|f| f.starts).flat_map(|f| f.names).collect();
    while let Some(name) = rest.pop() {
        if leading.insert(name) {
            let mentioned_by = by_word.get(&name).into_iter().flatten();
            rest.extend(mentioned_by.flat_map(|index| functions[*index as usize].names));
        }
    }
    leading
}

/// A function, by what it is called and what it mentions.
struct Function {
    /// Its own name and that of its class, or its own twice.
    names: [u32; 2],
    /// Each once.
    words: Box<[u32]>,
    starts: bool,
}

/// The functions of a module, whose text is not kept for that.
fn functions(module: &Module, starts: &impl Fn(&str, bool) -> bool) -> Vec<Function> {
    let hashed = |word: &str| hash(word.as_bytes());
    let mut functions = Vec::new();
    let add = |function: Outlined<'_>| {
        let mut words: Vec<u32> = function.words.iter().map(|word| hashed(word)).collect();
        words.sort_unstable();
        words.dedup();
        let name = hashed(function.name);
        functions.push(Function {
            names: [name, function.class.map_or(name, hashed)],
            words: words.into(),
            starts: function.words.iter().any(|word| starts(word, module.file.role == Role::Seed)),
        });
    };
    module.glance(|text| outline(text, add));
    functions
}
