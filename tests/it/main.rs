//! What people read, executed: rule pages, fixtures, the README's transcripts, and what must hold of any run.

mod cases;
mod catalogue;
mod cli;
mod explain;
mod faults;
mod fixtures;
mod fuzz;
mod hostile;
mod notebooks;
mod oracle;
mod pages;
mod project;
mod prompt;
mod properties;
mod runners;
mod server;
