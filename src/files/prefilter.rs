//! The one look at a file's bytes: does it mention what can start or choose a loop?

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rustc_hash::FxHashMap;

/// What makes a file a seed. All words are plain identifiers (ASCII letters, digits and `_`) and
/// are only found as whole words; that is what makes a search without a tokenizer exact.
#[derive(Clone, Debug, Default)]
pub struct Needles {
    /// Each package once, and no more than [`Needles::MOST`].
    pub packages: Vec<Needle>,
    /// Words that make a seed on their own: `loopcheck`, for suppression comments.
    pub alone: Vec<String>,
}

/// A package that has to do with loops.
#[derive(Clone, Debug, Default)]
pub struct Needle {
    /// `asyncio`, `uvicorn`
    pub package: String,
    /// Its ways of starting or choosing a loop: `run_until_complete`, `Server`. A seed mentions the
    /// package and one of these, in any order and anywhere, so that aliases are included.
    pub ways: Vec<String>,
    /// Ways that are functions of the package itself: `run`. A seed mentions one behind the package and a
    /// dot, or anywhere if the package is mentioned in another form than `import package` and
    /// `package.name`.
    pub functions: Vec<String>,
    /// Importing it is enough, and anything else is not: its name may be a word of English.
    pub by_import: bool,
}

impl Needles {
    pub const MOST: usize = Set::BITS as usize;
}

/// What the bytes of a file say without being parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mention {
    #[default]
    Nothing,
    /// A package of loops, but no way of starting or choosing one.
    Package,
    /// Something that can start or choose a loop.
    Seed,
}

/// Packages, by the bits of their places.
type Set = u128;

/// [`Needles`], ready to search. Shared by all threads.
pub struct Prefilter {
    /// The packages, and behind them the words that are enough on their own.
    search: Search,
    packages: Vec<Package>,
    /// The packages that each word is a way of, and those it is a function of.
    words: FxHashMap<Box<[u8]>, (Set, Set)>,
}

struct Package {
    bit: Set,
    by_import: bool,
}

impl Prefilter {
    /// For about so many files: to make the fastest search takes longer than a few files take with another.
    pub fn new(needles: &Needles, files: usize) -> Prefilter {
        let mut words: FxHashMap<Box<[u8]>, (Set, Set)> = FxHashMap::default();
        let mut packages = Vec::new();
        for (place, needle) in needles.packages.iter().enumerate() {
            let bit = 1 << (place % Needles::MOST);
            packages.push(Package { bit, by_import: needle.by_import });
            for way in &needle.ways {
                words.entry(way.as_bytes().into()).or_default().0 |= bit;
            }
            for function in &needle.functions {
                words.entry(function.as_bytes().into()).or_default().1 |= bit;
            }
        }
        let names = needles.packages.iter().map(|needle| &needle.package);
        Prefilter { search: Search::new(names.chain(&needles.alone), files), packages, words }
    }

    pub fn mention(&self, bytes: &[u8]) -> Mention {
        let (mut mentioned, mut freely): (Set, Set) = (0, 0);
        let enough = self.search.any_word(bytes, |word, start, end| {
            let Some(package) = self.packages.get(word) else { return true };
            let form = form(bytes, start, end);
            if package.by_import {
                return matches!(form, Form::Import | Form::Renaming);
            }
            mentioned |= package.bit;
            match form {
                Form::Attribute(name) => self.words.get(name).is_some_and(|(_, of)| of & package.bit != 0),
                Form::Import => false,
                Form::Renaming | Form::Other => {
                    freely |= package.bit;
                    false
                }
            }
        });
        let is_way = |word: &[u8]| match self.words.get(word) {
            Some((ways, functions)) => ways & mentioned != 0 || functions & freely != 0,
            None => false,
        };
        if enough || (mentioned != 0 && words(bytes).any(is_way)) {
            Mention::Seed
        } else if mentioned != 0 {
            Mention::Package
        } else {
            Mention::Nothing
        }
    }
}

/// How a package is mentioned, as far as the line tells.
enum Form<'t> {
    /// `import package`, perhaps among others.
    Import,
    /// An import by which it, or something in it, may get another name.
    Renaming,
    /// `package.name`
    Attribute(&'t [u8]),
    Other,
}

fn form(bytes: &[u8], start: usize, end: usize) -> Form<'_> {
    let line = memchr::memrchr3(b'\n', b'\r', b';', &bytes[..start]).map_or(0, |at| at + 1);
    let before = bytes[line..start].trim_ascii();
    let after = bytes[end..].trim_ascii_start();
    // A module of the package may be renamed as well.
    let renamed = after.starts_with(b"as ") || after.starts_with(b".");
    let says = |keyword: &[u8]| words(before).any(|word| word == keyword);
    if before.ends_with(b"import") || before.starts_with(b"import ") {
        return if renamed || says(b"from") { Form::Renaming } else { Form::Import };
    }
    let is_in_list = || after.starts_with(b"as ") || matches!(after.first(), None | Some(b',' | b')' | b'#'));
    let ends_line = || matches!(bytes.get(end), Some(b'\n' | b'\r'));
    let in_brackets = before.is_empty() && (is_in_list() || ends_line());
    let is_string = line < start && matches!(bytes[start - 1], b'"' | b'\'');
    if before.ends_with(b"from") || before.starts_with(b"from ") || in_brackets || is_string {
        return Form::Renaming;
    }
    let rest = after.strip_prefix(b".").unwrap_or_default().trim_ascii_start();
    match words(rest).next().filter(|name| rest.starts_with(name)) {
        Some(name) => Form::Attribute(name),
        None => Form::Other,
    }
}

/// Every run of bytes of identifiers.
fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| !is_identifier(*byte)).filter(|word| !word.is_empty())
}

/// So many files are worth the fastest search.
const MANY: usize = 64;

/// Vectorised where the machine and the number of words allow it.
enum Search {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
    /// No words, or words that cannot be compiled: the first finds nothing, the second everything.
    Constant(bool),
}

impl Search {
    fn new<'a>(words: impl IntoIterator<Item = &'a String>, files: usize) -> Search {
        let words: Vec<&String> = words.into_iter().collect();
        if words.is_empty() || words.iter().any(|word| word.is_empty()) {
            return Search::Constant(!words.is_empty());
        }
        // The longest match at a place is the whole word there, if the whole word is a needle.
        let packed = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostLongest)
            .builder()
            .extend(words.iter().map(|word| word.as_bytes()))
            .build();
        if let Some(searcher) = packed {
            return Search::Packed(searcher);
        }
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind((files < MANY).then_some(AhoCorasickKind::NoncontiguousNFA))
            .prefilter(files >= MANY)
            .build(words)
            .map_or(Search::Constant(true), Search::Automaton)
    }

    /// Whether `enough` accepts one of the whole words found, which are given by their index and their
    /// place.
    fn any_word(&self, bytes: &[u8], mut enough: impl FnMut(usize, usize, usize) -> bool) -> bool {
        let mut accepts = |found: aho_corasick::Match| {
            is_word(bytes, found.start(), found.end())
                && enough(found.pattern().as_usize(), found.start(), found.end())
        };
        match self {
            Search::Packed(searcher) => searcher.find_iter(bytes).any(&mut accepts),
            Search::Automaton(automaton) => automaton.find_iter(bytes).any(&mut accepts),
            Search::Constant(answer) => *answer,
        }
    }
}

/// Whether a match is a whole identifier.
pub(super) fn is_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).is_some_and(|at| is_identifier(bytes[at]));
    !before && !bytes.get(end).copied().is_some_and(is_identifier)
}

/// Bytes of identifiers. A byte beyond ASCII counts as one in every encoding.
pub fn is_identifier(byte: u8) -> bool {
    IDENTIFIER[byte as usize]
}

/// Every byte of most files is looked up here.
const IDENTIFIER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' || byte >= 0x80;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn needle(package: &str, ways: &str, functions: &str) -> Needle {
        let list = |words: &str| words.split_whitespace().map(str::to_owned).collect();
        Needle { package: package.to_owned(), ways: list(ways), functions: list(functions), by_import: false }
    }

    fn mention(text: &str) -> Mention {
        let asyncio = needle("asyncio", "get_event_loop", "run runners");
        let distributed = Needle { by_import: true, ..needle("distributed", "", "") };
        let packages = vec![asyncio, needle("aiohttp", "run_app", ""), distributed];
        let needles = Needles { packages, alone: vec!["loopcheck".to_owned()] };
        let [few, many] = [1, MANY].map(|files| Prefilter::new(&needles, files).mention(text.as_bytes()));
        assert_eq!(few, many);
        many
    }

    #[track_caller]
    fn all_mention(expected: Mention, texts: &[&str]) {
        for text in texts {
            assert_eq!(mention(text), expected, "{text}");
        }
    }

    #[test]
    fn a_seed_has_a_package_and_a_way_or_a_comment() {
        assert_eq!(mention("import asyncio\nasyncio.run(main())"), Mention::Seed);
        assert_eq!(mention("from asyncio import run as go"), Mention::Seed);
        assert_eq!(mention("# loopcheck: ignore"), Mention::Seed);
        assert_eq!(mention("import asyncio, loopcheck"), Mention::Seed);
        assert_eq!(mention("import asyncio\nrunning = 1"), Mention::Package);
        assert_eq!(mention("run()"), Mention::Nothing);
        assert_eq!(mention(""), Mention::Nothing);
    }

    #[test]
    fn the_way_is_one_of_the_package() {
        assert_eq!(mention("import asyncio, aiohttp\nrun_app()"), Mention::Seed);
        assert_eq!(mention("import asyncio\nrun_app()"), Mention::Package);
        assert_eq!(mention("import aiohttp\nget_event_loop()"), Mention::Package);
    }

    #[test]
    fn a_function_of_the_package_stands_behind_it() {
        all_mention(
            Mention::Seed,
            &[
                "import asyncio\nasyncio.run(main())",
                "import asyncio\nasyncio . run",
                "import asyncio; asyncio.run(main())",
                "import asyncio as a; a.run(main())",
                "import asyncio.runners as r\nr.run()",
                "import os; import asyncio.runners\nasyncio.runners.run()",
                "import asyncio\nr = asyncio.runners\nr.run()",
                "import asyncio as a\na.run()",
                "import os, asyncio as a\na.run()",
                "from asyncio import sleep, run",
                "try: from asyncio import (\n    run)",
                "from compat import (\n  asyncio,\n)\nasyncio.sleep(); run()",
                "from compat import (os, asyncio)\nrun()",
                "import asyncio\na = asyncio\na.run()",
                "import asyncio\nget(asyncio, 'run')",
                "a = import_module('asyncio')\na.run()",
            ],
        );
        all_mention(
            Mention::Package,
            &[
                "import asyncio\nasyncio.sleep(1); subprocess.run()",
                "import os, asyncio\nrun()",
                "import asyncio, os\nrun()",
                "import os; import asyncio; run()",
                "if x: import asyncio # why\nrun()",
            ],
        );
    }

    #[test]
    fn a_word_of_english_has_to_be_imported() {
        assert_eq!(mention("# distributed under the\n# import"), Mention::Nothing);
        assert_eq!(mention("'''\ndistributed under, distributed.\n'''"), Mention::Nothing);
        all_mention(
            Mention::Seed,
            &["import os, distributed", "from distributed import Client", "import_module('distributed')"],
        );
    }

    #[test]
    fn words_are_whole_and_the_longest_counts() {
        assert_eq!(mention("myasyncio.run"), Mention::Nothing);
        assert_eq!(mention("aiohttp.run_app"), Mention::Seed);
        assert_eq!(mention("aiohttp xrun_app run_apps"), Mention::Package);
        assert_eq!(mention("asyncio_x asyncio:run"), Mention::Seed);
    }

    #[test]
    fn more_words_than_vector_registers_hold_are_found_too() {
        let packages: Vec<Needle> = (0..Needles::MOST)
            .map(|number| needle(&format!("package{number}"), &format!("run{number}"), ""))
            .collect();
        let needles = Needles { packages, alone: Vec::new() };
        for files in [1, MANY] {
            let filter = Prefilter::new(&needles, files);
            assert_eq!(filter.mention(b"from package127 import run127"), Mention::Seed);
            assert_eq!(filter.mention(b"from package127 import run0"), Mention::Package);
            assert_eq!(filter.mention(b"from package128 import run127"), Mention::Nothing);
        }
        assert_eq!(Prefilter::new(&Needles::default(), 1).mention(b"asyncio.run"), Mention::Nothing);
    }

    #[test]
    fn what_loopcheck_looks_for_has_room() {
        assert!(crate::knowledge::Knowledge::bundled().needles().packages.len() <= Needles::MOST);
    }
}
