# Which signals exist where. Source: CPython Modules/signalmodule.c and the documentation of `signal`.
import sys

__missing__ = []

if sys.platform == "win32":
    __missing__ += [
        "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGHUP", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL",
        "SIGPROF", "SIGPWR", "SIGQUIT", "SIGRTMAX", "SIGRTMIN", "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTRAP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ",
        "SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK", "ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF",
        "alarm", "setitimer", "getitimer", "pause", "pthread_kill", "pthread_sigmask", "sigpending", "sigwait",
        "sigwaitinfo", "sigtimedwait", "siginterrupt",
    ]
else:
    __missing__ += ["SIGBREAK", "CTRL_C_EVENT", "CTRL_BREAK_EVENT"]
