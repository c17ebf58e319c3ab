"""Letters that lie on this machine → the same items as from the web."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from scrapy import Request

from factpl_crawler.items import Issue, Quarantined
from factpl_crawler.limits import bounded
from factpl_crawler.mail import BROKEN, Letter, LetterError, Unreadable, read_letters
from factpl_crawler.pages import PageError
from factpl_crawler.pages.letter import read_letter, recognise, why_not_the_issue
from factpl_crawler.publication import Publication
from factpl_crawler.publications import load_publications
from factpl_crawler.spiders.newsletter import ArticleSpider, is_yes

Found = Issue | Quarantined | Request


class MailboxSpider(ArticleSpider):
    """`-a path=FILE_OR_FOLDER`, `-a publication=ID` for letters that do not say whose they are, `-a follow=1`.

    `-a follow_any=1` follows links to any site, and so is `follow=1`, too.
    """

    name = "mailbox"

    def __init__(self, path: str = "", publication: str = "", follow: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.publication_id = publication
        self.follows = is_yes(follow) or self.follows_any

    async def start(self) -> AsyncIterator[Found]:
        known = load_publications(self.settings)
        if self.publication_id and self.publication_id not in known:
            self.logger.error("No publication %r; known are: %s", self.publication_id, ", ".join(known))
            return
        if not self.path:
            self.logger.error("Which mail? Run: scrapy crawl mailbox -a path=FILE_OR_FOLDER")
            return
        try:
            for letter in read_letters(Path(self.path).expanduser()):
                for found in self._read(letter, known):
                    yield found
        except LetterError as e:
            self.logger.error("Cannot read the mail: %s", e)

    def _read(self, letter: Letter | Unreadable, known: dict[str, Publication]) -> Iterator[Found]:
        if isinstance(letter, Unreadable):
            yield self._set_aside(letter.source, letter.reason, letter.raw)
            return
        try:
            found = self._issue(letter, known)
        except (*BROKEN, PageError) as e:
            found = self._set_aside(letter.source, f"broken letter: {e}", letter.raw)
        yield found
        if self.follows and isinstance(found, Issue):
            yield from self.follow(found, known[found.publication])

    @bounded(PageError)
    def _issue(self, letter: Letter, known: dict[str, Publication]) -> Issue | Quarantined:
        publication = known.get(self.publication_id) or recognise(letter, known.values())
        if publication is None:
            reason = f"of no known publication; say which with -a publication={'|'.join(known)}"
            return self._set_aside(letter.source, reason, letter.raw)
        issue = read_letter(letter, publication, self.frontier.sites)
        if self.publication_id or not (doubt := why_not_the_issue(letter, publication, issue)):
            return issue
        reason = f"not the newsletter itself: {doubt}; if it is, say so with -a publication={publication.id}"
        return self._set_aside(letter.source, reason, letter.raw)

    def _set_aside(self, source: str, reason: str, raw: bytes) -> Quarantined:
        self.logger.warning("Quarantined: %s (%s)", source, reason)
        item = Quarantined(source, "mail", reason)
        item.raw = raw
        return item
