"""A page that an entry links to: what the standards say of it, then what its site's rules find.

JSON-LD and Open Graph come first. A site that somebody described is a subclass with selectors;
the rest is left to trafilatura.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit

import trafilatura
from lxml.html import HtmlElement, document_fromstring
from scrapy.http import TextResponse

from factpl_crawler.items import Article, RawDate
from factpl_crawler.limits import is_deep
from factpl_crawler.pages import PageError, checked, html_of
from factpl_crawler.pages.blocks import html_blocks, paragraphs
from factpl_crawler.text import canonical_url, clean, parse_bylines

ARTICLE_TYPES = frozenset(
    {"Article", "NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "BlogPosting", "OpinionNewsArticle"}
)
# Not any tag: `<AI 시대>` is a title in brackets.
_TAG = re.compile(
    r"</?(?:a|b|blockquote|br|div|em|figure|figcaption|font|h[1-6]|i|iframe|img|li|ol|p|script|span|strong|style|sub|sup"
    r"|table|tbody|td|tr|u|ul)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_PARAGRAPH_TAG = re.compile(r"<(?:br|div|li|p|td)[\s/>]", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]+\d{0,2});", re.IGNORECASE)
LARGEST_JSON_LD = 2 * 1024 * 1024  # characters; what is larger is no article's
_LOGIN_LENGTH = 300  # characters of text around a login form that extraction takes for an article's


class ArticlePage:
    """An article of a site that nobody described. Subclasses add what is known of one."""

    site_id: ClassVar[str] = ""
    """The middle of the ids of a described site's articles: `a/joongang/25202312`."""

    domains: ClassVar[tuple[str, ...]] = ()
    title_suffixes: ClassVar[tuple[str, ...]] = ()
    sections: ClassVar[dict[str, tuple[str, ...]]] = {}

    headline_css: ClassVar[tuple[str, ...]] = ()
    authors_css: ClassVar[tuple[str, ...]] = ()
    section_css: ClassVar[tuple[str, ...]] = ()
    published_css: ClassVar[tuple[str, ...]] = ("article time::attr(datetime)", "time::attr(datetime)")
    modified_css: ClassVar[tuple[str, ...]] = ()
    body_css: ClassVar[tuple[str, ...]] = ()
    dropped_css: ClassVar[tuple[str, ...]] = ()
    captions_css: ClassVar[tuple[str, ...]] = ()
    keywords_css: ClassVar[tuple[str, ...]] = ()
    truncated_css: ClassVar[tuple[str, ...]] = ()

    floors: ClassVar[Mapping[str, float]] = {}
    """The least share of a night's articles, 0 to 1, that has a `date`, a `section`, or a `body` of some length."""

    def __init__(self, response: TextResponse) -> None:
        self.response = html_of(response)

    @classmethod
    def serves(cls, host: str) -> bool:
        return any(host == domain or host.endswith(f".{domain}") for domain in cls.domains)

    @classmethod
    def article_number(cls, url: str) -> str | None:
        """Return the site's own number in *url*, None when no article lies there."""
        return None

    @classmethod
    def canonical(cls, url: str, number: str) -> str:
        """Return the one address of article *number*, *url* being one of its forms."""
        return canonical_url(url)

    # What the standards say

    @cached_property
    def json_ld(self) -> dict[str, Any]:
        """The first schema.org article in the page, empty where there is none or it is broken."""
        for text in self.response.css('script[type="application/ld+json"]::text').getall():
            for node in _nodes(text):
                if ARTICLE_TYPES.intersection(map(str, _list(node.get("@type")))):
                    return node
        return {}

    def meta(self, *names: str) -> str | None:
        for name in names:
            for attribute in ("property", "name", "itemprop"):
                value = self.response.xpath("//meta[@*[name()=$a]=$n]/@content", a=attribute, n=name).get()
                if value and clean(value):
                    return clean(value)
        return None

    def css(self, selectors: Iterable[str]) -> list[str]:
        """Return the texts of the first of *selectors* that finds any."""
        for selector in selectors:
            if texts := list(filter(None, map(_text, self.response.css(selector)))):
                return texts
        return []

    @property
    def declared_url(self) -> str | None:
        """The canonical address that the page itself names, relative perhaps, or broken."""
        return self.response.css('link[rel="canonical"]::attr(href)').get() or self.meta("og:url")

    # What is in it

    @property
    def headline(self) -> str:
        found = " ".join(_lines(self.json_ld.get("headline"))) or self.meta("og:title")
        found = found or next(iter(self.css(self.headline_css or ("h1", "title"))), "")
        for suffix in self.title_suffixes:
            found = found.removesuffix(suffix).rstrip()
        return found

    @property
    def authors(self) -> list[str]:
        named = [name for person in _list(self.json_ld.get("author")) for name in parse_bylines(_name(person))]
        named = named or [name for text in self.css(self.authors_css) for name in parse_bylines(text)]
        named = named or parse_bylines(self.meta("dable:author", "article:author", "author") or "")
        return [name for name in dict.fromkeys(named) if name != self.brand]

    @cached_property
    def brand(self) -> str | None:
        """The site's name, which publishers also put where an author or a section belongs."""
        return self.meta("og:site_name")

    @property
    def section_label(self) -> str | None:
        stated: list[str | None] = [_string(name) for name in _list(self.json_ld.get("articleSection"))]
        stated += [self.meta("article:section"), self.meta("article:section2"), self.meta("article:section3")]
        stated += self.css(self.section_css)
        return next((label for label in stated if label and label != self.brand), None)

    @classmethod
    def section_id(cls, label: str) -> str | None:
        return next((id for id, labels in cls.sections.items() if label in labels), None)

    @property
    def published(self) -> list[RawDate]:
        stated = [RawDate(_string(self.json_ld.get("datePublished")), "json-ld")]
        stated += [RawDate(self.meta("article:published_time", "datePublished") or "", "meta")]
        return [date for date in stated + self._printed(self.published_css) if date.text]

    @property
    def modified(self) -> list[RawDate]:
        stated = [RawDate(_string(self.json_ld.get("dateModified")), "json-ld")]
        stated += [RawDate(self.meta("article:modified_time", "dateModified") or "", "meta")]
        return [date for date in stated + self._printed(self.modified_css) if date.text]

    def _printed(self, selectors: Iterable[str]) -> list[RawDate]:
        return [RawDate(text, "page") for text in self.css(selectors)]

    @cached_property
    def body(self) -> list[str]:
        """Paragraphs. A described site's own mark-up keeps them best, so it is asked before JSON-LD."""
        return self._stated_body or ([] if self.body_css else self._extracted_body())

    @cached_property
    def _stated_body(self) -> list[str]:
        return self._described_body() or _lines(self.json_ld.get("articleBody"))

    def _described_body(self) -> list[str]:
        unwanted = {part.root for css in (*self.dropped_css, *self.captions_css) for part in self.response.css(css)}
        for selector in self.body_css:
            for element in self.response.css(selector):
                if found := list(paragraphs(html_blocks(element.root, skip=unwanted))):
                    return found
        return []

    def _extracted_body(self) -> list[str]:
        if is_deep(self.response.text):
            raise PageError("nested too deeply, or with too long a text, to be extracted whole")
        text = trafilatura.extract(
            self.response.text, include_comments=False, include_tables=False, favor_precision=True
        )
        lines = [line for line in clean(text or "").split("\n") if line]
        return lines[1:] if lines[:1] == [self.headline] else lines

    @property
    def captions(self) -> list[str]:
        return list(dict.fromkeys(self.css(self.captions_css)))

    @property
    def keywords(self) -> list[str]:
        stated = self.json_ld.get("keywords") or self.meta("news_keywords", "keywords")
        words = stated.split(",") if isinstance(stated, str) else _list(stated) or self.css(self.keywords_css)
        texts = (_name(word) if isinstance(word, dict) else clean(str(word)) for word in words)
        return list(dict.fromkeys(filter(None, (text.lstrip("#") for text in texts))))

    @property
    def truncated(self) -> bool:
        free = self.json_ld.get("isAccessibleForFree", True)
        return str(free).lower() == "false" or bool(self.css(self.truncated_css))

    @property
    def is_login(self) -> bool:
        """Comments ask for a password too, so what speaks for an article counts for more than the field."""
        if not self.response.css('input[type="password"]') or self.response.css("textarea"):
            return False
        if self.json_ld or self.meta("og:type") == "article" or self.published or self._stated_body:
            return False
        return sum(map(len, self.body)) < _LOGIN_LENGTH

    def article(self, id: str, url: str) -> Article:
        """Raise `PageError` when this is no article."""
        if self.is_login:
            raise PageError("login page")
        if not self.headline:
            raise PageError("no headline")
        if not self.body:
            raise PageError("no body")
        return Article(
            id=id,
            url=url,
            site=urlsplit(url).hostname or "",
            headline=self.headline,
            body="\n\n".join(self.body),
            layout=self.site_id or "generic",
            authors=self.authors,
            section_label=self.section_label,
            section_id=self.section_id(self.section_label or ""),
            published=self.published,
            modified=self.modified,
            captions=self.captions,
            keywords=self.keywords,
            truncated=self.truncated,
        )


def _nodes(text: str) -> Iterator[dict[str, Any]]:
    if len(text) > LARGEST_JSON_LD:
        return
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):  # broken JSON-LD is common, and the page says the same elsewhere
        return
    for node in _list(found):
        if isinstance(node, dict):
            yield node
            yield from (inner for inner in _list(node.get("@graph")) if isinstance(inner, dict))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _string(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _lines(value: Any) -> list[str]:
    """Return a stated text's paragraphs, without the markup that some publishers leave in it."""
    text = _string(value)
    if not _TAG.search(text):
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if _TAG.search(text):
        source = text if _PARAGRAPH_TAG.search(text) else text.replace("\n", "<br>")
        return list(paragraphs(html_blocks(document_fromstring(checked(f"<div>{source}</div>")))))
    return list(filter(None, clean(text).split("\n")))


def _name(person: Any) -> str:
    return _string(person.get("name")) if isinstance(person, dict) else _string(person)


def _text(selector: Any) -> str:
    """Return a selected element's visible text on one line, or a selected attribute."""
    root = selector.root
    return " ".join(paragraphs(html_blocks(root))) if isinstance(root, HtmlElement) else clean(str(root))
