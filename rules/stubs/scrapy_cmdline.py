# scrapy 2.11.2 scrapy/cmdline.py:123-180: a process with the settings of the project, which are not read here.
import _loopcheck as _l
import scrapy.crawler as crawler

__shown__ = "scrapy.cmdline"


def execute(argv=None, settings=None):
    if settings is None:
        settings = _l.unknown("the Scrapy settings")
    process = crawler.CrawlerProcess(settings)
    process._install()
    process.start()
    raise SystemExit(0)
