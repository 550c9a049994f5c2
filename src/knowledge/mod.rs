//! What loopcheck knows, typed: the rule pages and the tables in `rules/`.

pub mod pages;
