"""Links as written → links that may be kept: trackers decoded, readers' tokens and private business gone."""

import logging
from dataclasses import replace
from urllib.parse import urlsplit

from factpl_crawler.guard import refusal
from factpl_crawler.items import Link
from factpl_crawler.pages.blocks import TEXT_URL, Block
from factpl_crawler.pages.sites import Sites
from factpl_crawler.text import UrlError, canonical_url, decode_click

logger = logging.getLogger(__name__)

SHORT_LINE = 60  # characters; what such a line says, it says of its link: "수신거부는 여기"


def resolve_links(blocks: list[Block], sites: Sites) -> list[Block]:
    return [_resolve_block(block, sites) for block in blocks]


def _resolve_block(block: Block, sites: Sites) -> Block:
    around = block.text if len(block.text) <= SHORT_LINE else ""
    resolved = (_resolve(link, around, sites) for link in block.links)
    text = TEXT_URL.sub(lambda url: _public(url[0]), block.text).strip()
    return replace(block, text=text, links=[link for link in resolved if link])


def _resolve(link: Link, around: str, sites: Sites) -> Link | None:
    target = decode_click(link.url) or link.url
    try:
        identity = sites.identify(target)
    except UrlError:  # mailto:, javascript: and the like; the text around it stays
        return None
    # Where the address itself says that it is an article, a headline cannot say otherwise.
    told = () if identity.numbered else (link.text, around)
    reasons = filter(None, (refusal(target, text) for text in ("", *told)))
    if reason := next(reasons, None if identity.follow else "no article can be there"):
        # Not the whole address: it may name the reader.
        logger.info("Link set aside: %s (%s)", urlsplit(target).hostname, reason)
        return None
    return Link(canonical_url(target), link.text, identity.canonical_url, identity.id)


def _public(url: str) -> str:
    """Return an address written in the text as everybody may see it, or nothing."""
    target = decode_click(url) or url
    try:
        return "" if refusal(target) else canonical_url(target)
    except UrlError:
        return ""
