# alembic 1.20.1, util/langhelpers.py, ModuleClsProxy: these work while the command `alembic` runs the
# `env.py`. In any other program the first of them is an error. Executed.
import _loopcheck as _l


def _proxied(*args, **kwargs):
    if _l.is_hosted_by("alembic"):
        return _l.unknown("what alembic was asked to do")
    raise NameError("Can't invoke function, as the proxy object has not yet been established")


is_offline_mode = _proxied
configure = _proxied
run_migrations = _proxied
begin_transaction = _proxied
execute = _proxied
get_bind = _proxied
get_context = _proxied
get_x_argument = _proxied
