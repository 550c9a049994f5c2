//! The paper run: an abstract interpreter for one question, which loop runs where.

mod attributes;
mod begin;
mod builtins;
mod calls;
mod choice;
mod collections;
mod env;
mod explore;
mod expressions;
mod guards;
mod imports;
mod inherit;
mod intrinsics;
mod loops;
mod machine;
mod meter;
mod methods;
mod nearness;
mod needs;
mod operators;
mod prelude;
mod processes;
mod programs;
mod quiet;
pub mod reach;
mod roots;
mod rows;
mod silencers;
mod starts;
mod state;
mod statements;
pub mod steps;
mod strings;
mod subscripts;
mod surroundings;
#[cfg(test)]
mod tests;
pub mod trace;
mod value;
mod world;

pub use inherit::{Inherited, inherited};
pub use machine::{Limits, Unit};
pub use roots::{RunOptions, record_functions, record_root, run_functions, run_root};
pub use world::{Packages, World};
