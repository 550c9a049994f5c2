import _loopcheck as _l


def run_path(path_name, init_globals=None, run_name=None):
    return _l.run_path(path_name, run_name)


def run_module(mod_name, init_globals=None, run_name=None, alter_sys=False):
    return _l.run_module(mod_name, run_name)
