"""Which page class reads which site, and under which id an article is known."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from scrapy.http import TextResponse
from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from factpl_crawler.guard import refusal
from factpl_crawler.items import Article
from factpl_crawler.limits import bounded
from factpl_crawler.pages import PageError
from factpl_crawler.pages.article import ArticlePage
from factpl_crawler.text import canonical_url


@dataclass(frozen=True)
class Identity:
    """`follow` is False for an address where no article can be; `numbered` where the site itself numbers it."""

    id: str
    canonical_url: str
    follow: bool
    numbered: bool = False


class Sites:
    def __init__(self, pages: Sequence[type[ArticlePage]]) -> None:
        self.pages = pages

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls([load_object(path) for path in settings.getlist("ARTICLE_PAGES")])

    def page_class(self, url: str) -> type[ArticlePage]:
        host = urlsplit(url).hostname or ""
        return next((page for page in self.pages if page.serves(host)), ArticlePage)

    def identify(self, url: str) -> Identity:
        """Raise `UrlError` for what is no web address."""
        canonical = canonical_url(url)
        page = self.page_class(canonical)
        if number := page.article_number(canonical):
            return Identity(f"a/{page.site_id}/{number}", page.canonical(canonical, number), True, numbered=True)
        digest = hashlib.sha256(canonical.encode()).hexdigest()[:16]
        follow = page is ArticlePage and refusal(canonical) is None and not _is_home(canonical)
        return Identity(f"a/{digest}", canonical, follow)

    @bounded(PageError)
    def read(self, response: TextResponse) -> Article:
        """Raise `PageError` when the page is no article."""
        page = self.page_class(response.url)(response)
        identity = self._declared(page) or self.identify(response.url)
        if _is_home(identity.canonical_url):  # where many sites send who asks for an article that is gone
            raise PageError("home page")
        return page.article(identity.id, identity.canonical_url)

    def _declared(self, page: ArticlePage) -> Identity | None:
        """What a page says of its own address, where it may be believed.

        Naming another site's page, it would take that page's place; naming its home page, as
        careless sites do, it would share one id with all its neighbours.
        """
        try:
            identity = self.identify(page.response.urljoin(page.declared_url or ""))
        except ValueError:  # no address, or one that cannot even be joined
            return None
        declared, found = urlsplit(identity.canonical_url), urlsplit(page.response.url)
        described = type(page) is not ArticlePage and type(page) is self.page_class(identity.canonical_url)
        believed = described or (declared.hostname == found.hostname and declared.path != "/")
        return identity if identity.follow and believed else None


def _is_home(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query
