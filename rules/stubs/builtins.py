# Exceptions and the few builtin classes whose inheritance matters.
import _loopcheck as _l


class object: pass
class BaseException: pass
class SystemExit(BaseException): pass
class KeyboardInterrupt(BaseException): pass
class GeneratorExit(BaseException): pass
class Exception(BaseException): pass
class BaseExceptionGroup(BaseException): pass
class ExceptionGroup(BaseExceptionGroup, Exception): pass
class StopIteration(Exception): pass
class StopAsyncIteration(Exception): pass
class ArithmeticError(Exception): pass
class ZeroDivisionError(ArithmeticError): pass
class OverflowError(ArithmeticError): pass
class AssertionError(Exception): pass
class AttributeError(Exception): pass
class BufferError(Exception): pass
class EOFError(Exception): pass
class ImportError(Exception): pass
class ModuleNotFoundError(ImportError): pass
class LookupError(Exception): pass
class IndexError(LookupError): pass
class KeyError(LookupError): pass
class MemoryError(Exception): pass
class NameError(Exception): pass
class UnboundLocalError(NameError): pass
class OSError(Exception): pass
EnvironmentError = OSError
IOError = OSError
class BlockingIOError(OSError): pass
class ChildProcessError(OSError): pass
class ConnectionError(OSError): pass
class BrokenPipeError(ConnectionError): pass
class ConnectionAbortedError(ConnectionError): pass
class ConnectionRefusedError(ConnectionError): pass
class ConnectionResetError(ConnectionError): pass
class FileExistsError(OSError): pass
class FileNotFoundError(OSError): pass
class InterruptedError(OSError): pass
class IsADirectoryError(OSError): pass
class NotADirectoryError(OSError): pass
class PermissionError(OSError): pass
class ProcessLookupError(OSError): pass
class TimeoutError(OSError): pass
class ReferenceError(Exception): pass
class RuntimeError(Exception): pass
class NotImplementedError(RuntimeError): pass
class RecursionError(RuntimeError): pass
class SyntaxError(Exception): pass
class IndentationError(SyntaxError): pass
class SystemError(Exception): pass
class TypeError(Exception): pass
class ValueError(Exception): pass
class UnicodeError(ValueError): pass
class UnicodeDecodeError(UnicodeError): pass
class UnicodeEncodeError(UnicodeError): pass
class Warning(Exception): pass
class DeprecationWarning(Warning): pass
class FutureWarning(Warning): pass
class ImportWarning(Warning): pass
class PendingDeprecationWarning(Warning): pass
class ResourceWarning(Warning): pass
class RuntimeWarning(Warning): pass
class SyntaxWarning(Warning): pass
class UserWarning(Warning): pass
class EncodingWarning(Warning): pass

__debug__ = True


# Nothing is called before somebody asks for an item.
def map(function, iterable, *others):
    if others:
        for items in zip(iterable, *others):
            yield function(*items)
    else:
        for item in iterable:
            yield function(item)


def filter(function, iterable):
    for item in iterable:
        if function(item) if function is not None else item:
            yield item


# What `dir()` gives back. Whether a name stands in it is what hasattr() knows.
class _Directory:
    def __init__(self, subject):
        self._subject = subject

    def __contains__(self, name):
        return hasattr(self._subject, name)


def dir(*subjects):
    if len(subjects) == 1:
        return _Directory(subjects[0])
    return _l.unknown("dir()")


def exit(code=None):
    raise SystemExit(code)


def quit(code=None):
    raise SystemExit(code)
