# alembic 1.20.1, util/langhelpers.py, ModuleClsProxy: these work while the command `alembic` runs the
# `env.py`. Started as a script, an `env.py` ends at the first of them. Executed.


def _outside(*args, **kwargs):
    raise NameError("Can't invoke function, as the proxy object has not yet been established")


is_offline_mode = _outside
configure = _outside
run_migrations = _outside
begin_transaction = _outside
execute = _outside
get_bind = _outside
get_context = _outside
get_x_argument = _outside
