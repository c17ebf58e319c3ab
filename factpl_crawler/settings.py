"""Politeness, safety and the order of pipelines. What a person sets stands in factpl.toml."""

import logging
import sys

from factpl_crawler.config import ConfigError, load_config

try:
    config = load_config()
except ConfigError as e:
    sys.exit(f"Error: {e}")

BOT_NAME = "factpl"
SPIDER_MODULES = ["factpl_crawler.spiders"]
NEWSPIDER_MODULE = "factpl_crawler.spiders"
COMMANDS_MODULE = "factpl_crawler.commands"

ARTICLE_PAGES = ["factpl_crawler.pages.joongang.JoongangPage"]

# Polite: says who it is, asks before, one request at a time, and slower when the site is slow.
CONTACT = config.contact
USER_AGENT = f"factpl/0.1 (newsletter archive; {CONTACT or 'no contact given'})"
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "factpl"
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = config.delay
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = config.delay
AUTOTHROTTLE_MAX_DELAY = 60
BUDGET_PAGES = config.budget.pages
BUDGET_MINUTES = config.budget.minutes
DOWNLOAD_TIMEOUT = 60
RETRY_TIMES = 2
RETRY_GIVE_UP_LOG_LEVEL = "INFO"  # the spider says it, with what was asked for and why
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.5",
    "Accept-Language": "ko,en;q=0.5",
}

# Safe: links come from strangers.
LOOPBACK_ONLY = False  # True: loopback is all that is ever asked; for sites served on this machine
TWISTED_DNS_RESOLVER = "factpl_crawler.guard.PublicResolver"
DOWNLOAD_HANDLERS = {
    **dict.fromkeys(("data", "file", "ftp", "s3")),
    **dict.fromkeys(("http", "https"), "factpl_crawler.download.DownloadHandler"),
}
HTTPPROXY_ENABLED = False  # a proxy would resolve names out of the guard's sight
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 4 * 1024 * 1024
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Every response is kept as it came; a night names its file, which otherwise has the day's name.
RAW_ARCHIVE = True
NIGHT = ""

DOWNLOADER_MIDDLEWARES = {
    "factpl_crawler.guard.GuardMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "factpl_crawler.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "factpl_crawler.guard.UnpackMiddleware": 590,
    "factpl_crawler.pacing.PacingMiddleware": 560,  # a retry comes after it has seen why
    "factpl_crawler.recording.RawArchiveMiddleware": 1000,  # the nearest to the wire
}
EXTENSIONS = {
    "factpl_crawler.frontier.Frontier": 0,
    "factpl_crawler.progress.ShowProgress": 10,
    "factpl_crawler.monitors.Monitors": 900,
}
SPIDERMON_ENABLED = True
SPIDERMON_SPIDER_CLOSE_MONITORS = ["factpl_crawler.monitors.CrawlSuite"]
ITEM_PIPELINES = {
    "factpl_crawler.pipelines.NormalisePipeline": 100,
    "factpl_crawler.pipelines.ValidatePipeline": 200,
    "factpl_crawler.pipelines.StorePipeline": 300,
}

FEED_EXPORT_ENCODING = "utf-8"
LOG_LEVEL = "INFO"

# Where it finds no text we say so ourselves; its own errors would count as errors of the crawl.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
