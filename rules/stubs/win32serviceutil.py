# pywin32 312, win32/lib/win32serviceutil.py:675 and 954. HandleCommandLine installs a service; the
# service's host imports the module by name, so that the main guard does not run, makes an object of
# the class and calls SvcDoRun.
import _loopcheck as _l


class ServiceFramework:
    def __init__(self, args):
        self.ssh = _l.unknown("a service handle")
        self.checkPoint = 0

    def ReportServiceStatus(self, serviceStatus, waitHint=5000, win32ExitCode=0, svcExitCode=0):
        pass

    def SvcRun(self):
        self.SvcDoRun()

    def SvcDoRun(self):
        pass


def _host(service):
    service(["service"]).SvcRun()


def HandleCommandLine(
    cls, serviceClassString=None, argv=None, customInstallOptions="", customOptionHandler=None
):
    # A module without a main guard comes here again when the host imports it.
    if _l.current_process().name == "MainProcess":
        _l.in_child(_host, (cls,), {})
