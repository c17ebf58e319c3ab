"""Letters that lie on this machine → the same items as from the web."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from scrapy import Request

from factpl_crawler.clock import now
from factpl_crawler.items import Issue, Quarantined
from factpl_crawler.mail import Letter, LetterError, Unreadable, read_letters
from factpl_crawler.mail_archive import KeptMail, keep_letter
from factpl_crawler.pages.letter import read_mail
from factpl_crawler.paths import mail_dir
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
        if letter.raw:
            keep_letter(mail_dir(), letter.raw, letter.suffix, KeptMail(letter.source, now(), self.publication_id))
        found = read_mail(letter, known, self.frontier.sites, self.publication_id)
        if isinstance(found, Quarantined):
            self.logger.warning("Quarantined: %s (%s)", found.url, found.reason)
        yield found
        if self.follows and isinstance(found, Issue):
            yield from self.follow(found, known[found.publication])
