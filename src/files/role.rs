//! What part a file has in starting loops, by who imports whom.

/// Why a file is in the universe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It mentions something that can start or choose a loop, is named by a launcher, or could not
    /// be read.
    Seed,
    /// It imports a seed, perhaps through others, so that running it may start a loop.
    Importer,
    /// Imported by a seed or an importer.
    Imported,
    /// A command line outside Python, which is no file.
    Command,
}

/// A file, as a part of the import graph.
pub(super) trait Linked {
    fn is_seed(&self) -> bool;

    /// The numbers of the files that it imports.
    fn imports(&self) -> &[u32];
}

/// The roles of files, by their numbers; nothing where a file does not matter.
pub(super) fn roles(files: &[impl Linked]) -> Vec<Option<Role>> {
    let mut roles: Vec<Option<Role>> =
        files.iter().map(|file| file.is_seed().then_some(Role::Seed)).collect();
    let importers = Importers::of(files);
    spread(&mut roles, Role::Importer, |file| importers.of_file(file));
    spread(&mut roles, Role::Imported, |file| files[file as usize].imports());
    roles
}

/// Gives `role` to every file that can be reached from those that have one.
fn spread<'a>(roles: &mut [Option<Role>], role: Role, next: impl Fn(u32) -> &'a [u32]) {
    let mut open: Vec<u32> = (0..roles.len() as u32).filter(|file| roles[*file as usize].is_some()).collect();
    while let Some(file) = open.pop() {
        for reached in next(file) {
            if roles[*reached as usize].is_none() {
                roles[*reached as usize] = Some(role);
                open.push(*reached);
            }
        }
    }
}

/// The import graph turned round, in two flat lists.
struct Importers {
    /// Where the importers of each file begin in `files`.
    starts: Vec<u32>,
    files: Vec<u32>,
}

impl Importers {
    fn of(files: &[impl Linked]) -> Importers {
        let mut starts = vec![0_u32; files.len() + 1];
        for imported in files.iter().flat_map(Linked::imports) {
            starts[*imported as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut importers = vec![0; starts[files.len()] as usize];
        for (importer, file) in files.iter().enumerate() {
            for imported in file.imports() {
                let slot = &mut next[*imported as usize];
                importers[*slot as usize] = importer as u32;
                *slot += 1;
            }
        }
        Importers { starts, files: importers }
    }

    fn of_file(&self, file: u32) -> &[u32] {
        let file = file as usize;
        &self.files[self.starts[file] as usize..self.starts[file + 1] as usize]
    }
}
