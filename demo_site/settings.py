"""The crawler's own settings, with the invented publications added and all but loopback shut out."""

import os

from factpl_crawler.settings import *  # noqa: F403 - everything else is to be as in a real crawl

SPIDER_MODULES = ["factpl_crawler.spiders", "demo_site.spiders"]
ARTICLE_PAGES = ["factpl_crawler.pages.joongang.JoongangPage", "demo_site.pages.NaruilboPage"]

# Nobody else's machine is asked, so there is nobody to wait for.
LOOPBACK_ONLY = True
DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False
RETRY_TIMES = 1

# Their newest issue is of the day before.
os.environ.setdefault("FACTPL_NOW", "2024-07-19T03:17:00+09:00")
