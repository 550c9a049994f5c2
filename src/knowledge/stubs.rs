//! The standard library as far as loops are concerned, and packages that act on loops when they are
//! imported or as no row can say, written in Python under `rules/stubs/`.
//!
//! A stub is executed on paper like a module of the project. Names it does not define read as
//! unknown; names listed in its `__missing__` do not exist in the world at hand, and where it has a list
//! `__names__`, no others do.

use std::sync::OnceLock;

use crate::ir;
use crate::knowledge::stdlib::is_stdlib;
use crate::python;

#[derive(Debug)]
pub struct Stub {
    pub module: &'static str,
    source: &'static str,
    lowered: OnceLock<ir::Module>,
}

#[derive(Debug)]
pub struct Stubs {
    stubs: Vec<Stub>,
}

macro_rules! stubs {
    ($($module:literal => $file:literal,)*) => {
        vec![$(Stub {
            module: $module,
            source: include_str!(concat!("../../rules/stubs/", $file)),
            lowered: OnceLock::new(),
        },)*]
    };
}

impl Stubs {
    pub fn bundled() -> Stubs {
        let stubs = stubs! {
            "_loopcheck.cells" => "ipykernel_cells.py",
            "_loopcheck.commands" => "commands.py",
            "asyncio" => "asyncio.py",
            "asyncio.events" => "asyncio_events.py",
            "asyncio.runners" => "asyncio_runners.py",
            "asyncio.unix_events" => "asyncio_unix_events.py",
            "asyncio.windows_events" => "asyncio_windows_events.py",
            "builtins" => "builtins.py",
            "concurrent.futures" => "concurrent_futures.py",
            "contextlib" => "contextlib.py",
            "dataclasses" => "dataclasses.py",
            "enum" => "enum.py",
            "functools" => "functools.py",
            "importlib" => "importlib.py",
            "multiprocessing" => "multiprocessing.py",
            "os" => "os.py",
            "os.path" => "os_path.py",
            "pathlib" => "pathlib.py",
            "platform" => "platform.py",
            "re" => "re.py",
            "runpy" => "runpy.py",
            "signal" => "signal.py",
            "sys" => "sys.py",
            "threading" => "threading.py",
            "typing" => "typing.py",
            "unittest" => "unittest.py",
            "win32serviceutil" => "win32serviceutil.py",
            "alembic.context" => "alembic_context.py",
            "chainlit.cli" => "chainlit_cli.py",
            "daphne" => "daphne.py",
            "daphne.server" => "daphne_server.py",
            "dask.distributed" => "dask_distributed.py",
            "distributed" => "distributed.py",
            "nest_asyncio" => "nest_asyncio.py",
            "pika.adapters.asyncio_connection" => "pika_asyncio_connection.py",
            "qasync" => "qasync.py",
            "scrapy.cmdline" => "scrapy_cmdline.py",
            "scrapy.crawler" => "scrapy_crawler.py",
            "scrapy.utils.reactor" => "scrapy_reactor.py",
            "tornado.platform.asyncio" => "tornado_asyncio.py",
            "twisted.internet.asyncioreactor" => "twisted_asyncioreactor.py",
            "twisted.internet.reactor" => "twisted_reactor.py",
            "uvloop" => "libuv_loops.py",
            "winloop" => "libuv_loops.py",
        };
        Stubs { stubs }
    }

    pub fn find(&self, module: &str) -> Option<usize> {
        self.stubs.iter().position(|stub| stub.module == module)
    }

    /// Whether the module is a package with stubs of its own below it.
    pub fn is_package(&self, module: &str) -> bool {
        self.stubs
            .iter()
            .any(|stub| stub.module.strip_prefix(module).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The stubs of packages, which are no part of Python.
    pub fn packages(&self) -> impl Iterator<Item = &Stub> {
        self.stubs.iter().filter(|stub| !is_stdlib(stub.module))
    }

    /// The lowered stub; parsed when first asked for.
    pub fn lowered(&self, index: usize) -> &ir::Module {
        let stub = &self.stubs[index];
        stub.lowered.get_or_init(|| {
            // The tests lower every stub, so a bundled one always parses; an empty module is harmless.
            python::lower(stub.source).unwrap_or_default()
        })
    }
}

impl Stub {
    /// The functions and classes it defines without indentation. Read off the text, since this is
    /// asked at every start and parsing takes longer than most runs.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.source.lines().filter_map(|line| {
            let rest = line.strip_prefix("def ").or(line.strip_prefix("class "))?;
            rest.split(['(', ':']).next().filter(|name| !name.starts_with('_'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stub_parses() {
        for stub in Stubs::bundled().stubs {
            let result = python::lower(stub.source);
            assert!(result.is_ok(), "{}: {:?}", stub.module, result.err());
        }
    }

    #[test]
    fn the_names_of_a_stub_are_its_public_functions_and_classes() {
        let stubs = Stubs::bundled();
        let qasync = &stubs.stubs[stubs.find("qasync").unwrap()];
        assert_eq!(qasync.names().collect::<Vec<_>>(), ["QSelectorEventLoop"]);
        assert!(stubs.packages().any(|stub| stub.module == "qasync"));
        assert!(stubs.packages().all(|stub| !stub.module.starts_with("asyncio")));
    }
}
