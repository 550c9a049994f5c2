//! The standard library as far as loops are concerned, written in Python under `rules/stubs/`.
//!
//! A stub is executed on paper like a module of the project. Names it does not define read as
//! unknown; names listed in its `__missing__` do not exist in the world at hand.

use std::sync::OnceLock;

use crate::ir;
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
            "functools" => "functools.py",
            "importlib" => "importlib.py",
            "multiprocessing" => "multiprocessing.py",
            "nest_asyncio" => "nest_asyncio.py",
            "os" => "os.py",
            "os.path" => "os_path.py",
            "pathlib" => "pathlib.py",
            "platform" => "platform.py",
            "runpy" => "runpy.py",
            "sys" => "sys.py",
            "threading" => "threading.py",
            "typing" => "typing.py",
            "unittest" => "unittest.py",
            "uvloop" => "uvloop.py",
            "win32serviceutil" => "win32serviceutil.py",
            "winloop" => "winloop.py",
            "daphne" => "daphne.py",
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

    /// The lowered stub; parsed when first asked for.
    pub fn lowered(&self, index: usize) -> &ir::Module {
        let stub = &self.stubs[index];
        stub.lowered.get_or_init(|| {
            // The tests lower every stub, so a bundled one always parses; an empty module is harmless.
            python::lower(stub.source).unwrap_or_default()
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
}
