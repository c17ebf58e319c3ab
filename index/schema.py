"""The fields of the index. Their names, and the Korean ones beside them, are the prefixes of a query."""

import re
import unicodedata
import zlib
from typing import Literal, NamedTuple

from factpl_crawler.documents import Document

SCHEMA_VERSION = 4


class Field(NamedTuple):
    """`text` is found by words, `keyword` by its whole value, `day` by a period."""

    name: str
    type: Literal["text", "keyword", "day"]
    korean: str = ""


FIELDS = (
    Field("id", "keyword"),
    Field("kind", "keyword", "종류"),
    Field("publication", "keyword", "발행"),
    Field("issue", "keyword", "호"),
    Field("date", "day", "날짜"),
    Field("section", "keyword", "섹션"),
    Field("author", "keyword", "기자"),
    Field("site", "keyword", "사이트"),
    Field("headline", "text", "제목"),
    Field("body", "text", "본문"),
    Field("url", "keyword", "주소"),
    Field("keyword", "keyword", "열쇳말"),
)
FIELD_BY_PREFIX = {prefix: field for field in FIELDS for prefix in (field.name, field.korean) if prefix}
# What people also call a field; an error names only what they are called here.
SAME_FIELD = {"title": "headline", **dict.fromkeys(("작가", "작성자", "저자", "필자"), "author"), "매체": "site"}
SAME_FIELD |= dict.fromkeys(("주제어", "키워드", "태그"), "keyword")
KINDS = {"entry": "entry", "꼭지": "entry", "article": "article", "기사": "article"}
KEYWORDS = tuple(field.name for field in FIELDS if field.type == "keyword")
TEXTS = tuple(field.name for field in FIELDS if field.type == "text")
# Beside each text, where its bigrams are; `stems` holds the stripped eojeol of both texts, for ranking only.
BIGRAMS = {"headline": "headline_bigrams", "body": "bigrams"}
STEMS = "stems"
# Names that the document gives in two scripts, as `index.pairs` writes them.
PAIRS = "pairs"
# In characters; of a longer word, its beginning is what is found.
LONGEST_TERM = 250
# What is counted for a whole result. Of a document that has several values, they stand between the separators.
COUNTED = ("day", "section", "author", "site", "publication", "kind")
VALUE_SEPARATOR, LABEL_SEPARATOR = "\x1f", "\x1e"


def stored_document(stored: bytes) -> Document:
    return Document.from_json(zlib.decompress(stored).decode("utf-8", "surrogatepass"))


def issue_ids(document: Document) -> tuple[str, ...]:
    """Return the issues that contain the document or whose entries link to it."""
    if document.issue is not None:
        return (document.issue.id,)
    return tuple(dict.fromkeys(link.entry.rpartition("#")[0] for link in document.linked_from))


def fold_value(field: str, value: str) -> str:
    """Return the term that a value typed for a keyword field is looked up by."""
    # Here, because few searches ask for such a field, and to read dates and names takes long to load.
    from factpl_crawler.text import fold_label, parse_bylines

    if field == "author":
        return fold_label(next(iter(parse_bylines(value)), value))  # 심서현 기자 is 심서현
    if field in ("section", "publication"):
        return fold_label(value)
    if field == "issue":
        return re.sub(r"^#?([0-9]+)호?$", r"\1", value.strip())
    if field == "url":
        return _canonical(value)
    if field == "keyword":
        # As it is read where it is asked for, and without quotes, between which it is.
        return " ".join(re.sub('["“”„‟]', " ", unicodedata.normalize("NFKC", value)).casefold().split())
    return value.strip() if field == "id" else value.strip().casefold()


def _canonical(url: str) -> str:
    from factpl_crawler.text import UrlError, canonical_url

    try:
        return canonical_url(url)
    except UrlError:
        return url
