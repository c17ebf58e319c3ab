"""Links as written → links that may be kept: trackers decoded, readers' tokens and private business gone."""

from dataclasses import replace

from factpl_crawler.guard import refusal
from factpl_crawler.items import Link
from factpl_crawler.pages.blocks import Block
from factpl_crawler.pages.sites import Sites
from factpl_crawler.text import UrlError, canonical_url, decode_click


def resolve_links(blocks: list[Block], sites: Sites) -> list[Block]:
    return [replace(block, links=_resolved(block.links, sites)) for block in blocks]


def _resolved(links: list[Link], sites: Sites) -> list[Link]:
    resolved = (_resolve(link, sites) for link in links)
    return [link for link in resolved if link]


def _resolve(link: Link, sites: Sites) -> Link | None:
    target = decode_click(link.url) or link.url
    if refusal(target, link.text):
        return None
    try:
        identity = sites.identify(target)
        if not identity.follow:
            return None
        return Link(canonical_url(target), link.text, identity.canonical_url, identity.id)
    except UrlError:  # mailto:, javascript: and the like; the text around it stays
        return None
