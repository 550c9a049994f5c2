# scrapy/crawler.py: 2.19.0:170-185,900-1072; 2.11.2:119-125,386-429; 2.5.1:301-343. Settings of spiders are not looked at.
import asyncio
import scrapy.utils.reactor as reactors
import _loopcheck as _l

__shown__ = "scrapy.crawler"


class CrawlerProcess:
    __shown__ = "scrapy.crawler.CrawlerProcess"

    def __init__(self, settings=None, install_root_handler=None):
        self.settings = {} if settings is None else settings
        self._installed = False
        # 2.5.1:207,342: before 2.6 the reactor is installed here, not with the first spider.
        if _l.version_in("scrapy", "<2.6"):
            self._install()

    def _install(self):
        if self._installed:
            return
        self._installed = True
        usual = reactors._asyncio_reactor_path if _l.version_in("scrapy", ">=2.13") else None
        path = self.settings.get("TWISTED_REACTOR", usual)
        if path:
            reactors.install_reactor(path, self.settings.get("ASYNCIO_EVENT_LOOP", None))

    def crawl(self, crawler_or_spidercls, *args, **kwargs):
        self._install()
        _l.escape(crawler_or_spidercls)

    def start(self, stop_after_crawl=True, install_signal_handlers=True):
        from twisted.internet import reactor
        reactor.run()

    def __getattr__(self, name):
        return _l.unknown("CrawlerProcess." + name)


class AsyncCrawlerProcess(CrawlerProcess):
    __shown__ = "scrapy.crawler.AsyncCrawlerProcess"

    def __init__(self, settings=None, install_root_handler=None):
        self.settings = {} if settings is None else settings
        self._loop = None
        loop_path = self.settings.get("ASYNCIO_EVENT_LOOP", None)
        if _l.version_in("scrapy", ">=2.15") and not self.settings.get("TWISTED_REACTOR_ENABLED", True):
            self._loop = reactors.set_asyncio_event_loop(loop_path)
        else:
            reactors.install_reactor(reactors._asyncio_reactor_path, loop_path)
        self._installed = True

    def start(self, stop_after_crawl=True, install_signal_handlers=True):
        if self._loop is None:
            from twisted.internet import reactor
            reactor.run()
        else:
            self._loop.run_forever()
