//! Which names may lead to a loop: those of functions whose code mentions something that starts or
//! chooses one, and of functions that mention such a name in turn.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

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
    leading_among(all_functions(&list, &starts))
}

fn leading_among(mut rest: Vec<Function>) -> FxHashSet<u32> {
    let mut leading = FxHashSet::default();
    // To ask all functions again and again is soon done where that tells of many more each time; a long
    // chain of them is followed link by link.
    loop {
        let count = rest.len();
        rest.retain(|function| {
            let leads = function.leads_to(&leading);
            if leads {
                leading.extend(function.names);
            }
            !leads
        });
        match count - rest.len() {
            0 => return leading,
            new if new < count / MANY => break,
            // What stands in front of what it mentions is asked after it now.
            _ => rest.reverse(),
        }
    }
    add_chains(&rest, &mut leading);
    leading
}

/// One in so many functions are worth asking all.
const MANY: usize = 16;

/// Adds the names of the functions from which a chain of others leads to one of the names.
fn add_chains(functions: &[Function], leading: &mut FxHashSet<u32>) {
    let near = functions.iter().filter(|function| function.leads_to(leading));
    let mut rest: Vec<u32> = near.flat_map(|function| function.names).collect();
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
    while let Some(name) = rest.pop() {
        if leading.insert(name) {
            let mentioned_by = by_word.get(&name).into_iter().flatten();
            rest.extend(mentioned_by.flat_map(|index| functions[*index as usize].names));
        }
    }
}

/// A function, by what it is called and what it mentions.
struct Function {
    /// Its own name and that of its class, or its own twice.
    names: [u32; 2],
    /// Each once.
    words: Box<[u32]>,
    starts: bool,
}

impl Function {
    /// Whether it starts a loop, or mentions one of the names that lead to one.
    fn leads_to(&self, leading: &FxHashSet<u32>) -> bool {
        self.starts || self.words.iter().any(|word| leading.contains(word))
    }
}

/// So many modules are read by one thread before it asks for more.
const AT_ONCE: usize = 64;

/// The functions of all modules.
///
/// The first run that asks waits for the answer, and so do all others that ask. The threads of the pool would
/// begin other runs while they wait, and those would ask again and wait for themselves: so these are
/// threads of their own.
fn all_functions(modules: &[&Module], starts: &(impl Fn(&str, bool) -> bool + Sync)) -> Vec<Function> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        let mut own = Vec::new();
        while let Some(some) = modules.chunks(AT_ONCE).nth(next.fetch_add(1, Ordering::Relaxed)) {
            some.iter().for_each(|module| add_functions(module, starts, &mut own));
        }
        found.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
    };
    let threads = rayon::current_num_threads().min(modules.len().div_ceil(AT_ONCE));
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where there can be no more threads, those there are do it all.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Adds the functions of a module, whose text is not kept for that.
fn add_functions(module: &Module, starts: &impl Fn(&str, bool) -> bool, found: &mut Vec<Function>) {
    let hashed = |word: &str| hash(word.as_bytes());
    let add = |function: Outlined<'_>| {
        let mut words: Vec<u32> = function.words.iter().map(|word| hashed(word)).collect();
        words.sort_unstable();
        words.dedup();
        let name = hashed(function.name);
        found.push(Function {
            names: [name, function.class.map_or(name, hashed)],
            words: words.into(),
            starts: function.words.iter().any(|word| starts(word, module.file.role == Role::Seed)),
        });
    };
    module.glance(|text| outline(text, add));
}

#[cfg(test)]
mod tests {
    use rayon::prelude::{IntoParallelIterator, ParallelIterator};

    use super::*;
    use crate::files::{UniverseFile, shown_path};

    #[test]
    fn chains_are_followed_to_their_ends() {
        const LONG: u32 = 1_000;
        // Each leads to the one below; they stand there in no order that helps.
        let link = |at: u32| Function { names: [at; 2], words: [at + 1].into(), starts: at + 1 == LONG };
        let mut all: Vec<Function> = (0..LONG).map(|step| link(step * 387 % LONG)).collect();
        all.push(Function { names: [LONG + 1; 2], words: [LONG + 2].into(), starts: false });
        let leading = leading_among(all);
        assert!((0..LONG).all(|at| leading.contains(&at)) && !leading.contains(&(LONG + 1)));
    }

    #[test]
    fn runs_that_ask_at_once_do_not_wait_for_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let file = |number: usize| UniverseFile {
            path: folder.path().join(format!("m{number}.py")),
            root: 0,
            role: Role::Importer,
            given: true,
            imported: false,
            main: false,
            imports: Box::default(),
        };
        let text = "def outer():\n    return inner()\n\ndef inner():\n    serve()\n";
        for number in 0..3 * AT_ONCE {
            std::fs::write(file(number).path, text).unwrap();
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
        for _ in 0..50 {
            let files =
                (0..3 * AT_ONCE).map(|number| (file(number), shown_path(&file(number).path, folder.path())));
            let modules = Modules::new(files.collect());
            let asks = |name: &str| modules.may_lead(name, |word, _| word == "serve");
            let all = pool.install(|| (0..64).into_par_iter().all(|_| asks("outer") && !asks("other")));
            assert!(all);
        }
    }
}
