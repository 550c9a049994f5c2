//! The one look at a file's bytes: does it mention what can start or choose a loop?

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, MatchKind};

/// What makes a file a seed. All words are plain identifiers (ASCII letters, digits and `_`) and
/// are only found as whole words; that is what makes a search without a tokenizer exact.
#[derive(Clone, Debug, Default)]
pub struct Needles {
    /// Packages that have to do with loops: `asyncio`, `uvicorn`.
    pub packages: Vec<String>,
    /// Ways of starting or choosing a loop: `run`, `set_event_loop_policy`. A seed mentions a
    /// package and one of these, in any order and anywhere, so that aliases are included.
    pub ways: Vec<String>,
    /// Words that make a seed on their own: `loopcheck`, for suppression comments.
    pub alone: Vec<String>,
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

/// [`Needles`], ready to search. Shared by all threads.
pub struct Prefilter {
    packages: Search,
    ways: Search,
    /// Words from this index on, of those in `packages`, are enough on their own.
    alone_from: usize,
}

impl Prefilter {
    pub fn new(needles: &Needles) -> Prefilter {
        Prefilter {
            packages: Search::new(needles.packages.iter().chain(&needles.alone)),
            ways: Search::new(&needles.ways),
            alone_from: needles.packages.len(),
        }
    }

    pub fn mention(&self, bytes: &[u8]) -> Mention {
        let mut mention = Mention::Nothing;
        self.packages.any_word(bytes, |word| {
            if word >= self.alone_from {
                mention = Mention::Seed;
            } else if mention == Mention::Nothing {
                let way = self.ways.any_word(bytes, |_| true);
                mention = if way { Mention::Seed } else { Mention::Package };
            }
            mention == Mention::Seed
        });
        mention
    }
}

/// Vectorised where the machine and the number of words allow it.
enum Search {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
    /// No words, or words that cannot be compiled: the first finds nothing, the second everything.
    Constant(bool),
}

impl Search {
    fn new<'a>(words: impl IntoIterator<Item = &'a String>) -> Search {
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
            .build(words)
            .map_or(Search::Constant(true), Search::Automaton)
    }

    /// Whether `enough` accepts one of the whole words found, which are given by their index.
    fn any_word(&self, bytes: &[u8], mut enough: impl FnMut(usize) -> bool) -> bool {
        match self {
            Search::Packed(searcher) => searcher.find_iter(bytes).any(|found| {
                is_word(bytes, found.start(), found.end()) && enough(found.pattern().as_usize())
            }),
            Search::Automaton(automaton) => automaton.find_iter(bytes).any(|found| {
                is_word(bytes, found.start(), found.end()) && enough(found.pattern().as_usize())
            }),
            Search::Constant(answer) => *answer && enough(usize::MAX),
        }
    }
}

/// Whether a match is a whole identifier.
pub(super) fn is_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).is_some_and(|at| is_identifier(bytes[at]));
    !before && !bytes.get(end).copied().is_some_and(is_identifier)
}

/// Bytes of identifiers. A byte beyond ASCII counts as one in every encoding.
pub(super) fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(text: &str) -> Mention {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        let needles = Needles {
            packages: words("asyncio uvicorn"),
            ways: words("run run_app Runner"),
            alone: words("loopcheck"),
        };
        Prefilter::new(&needles).mention(text.as_bytes())
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
    fn words_are_whole_and_the_longest_counts() {
        assert_eq!(mention("myasyncio.run"), Mention::Nothing);
        assert_eq!(mention("uvicorn.run_app"), Mention::Seed);
        assert_eq!(mention("uvicorn xrun xrun_app run_apps"), Mention::Package);
        assert_eq!(mention("uvicorn_x uvicorn:run"), Mention::Seed);
    }

    #[test]
    fn more_words_than_vector_registers_hold_are_found_too() {
        let packages: Vec<String> = (0..300).map(|number| format!("package{number}")).collect();
        let needles = Needles { packages, ways: vec!["run".to_owned()], alone: Vec::new() };
        let filter = Prefilter::new(&needles);
        assert_eq!(filter.mention(b"from package299 import run"), Mention::Seed);
        assert_eq!(filter.mention(b"from package300 import run"), Mention::Nothing);
        assert_eq!(Prefilter::new(&Needles::default()).mention(b"asyncio.run"), Mention::Nothing);
    }
}
