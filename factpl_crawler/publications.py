"""The publications that the project's spiders declare."""

from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from factpl_crawler.publication import Publication


def load_publications(settings: BaseSettings) -> dict[str, Publication]:
    """Return them by id."""
    loader = get_spider_loader(settings)
    declared = (getattr(loader.load(name), "publication", None) for name in sorted(loader.list()))
    return {publication.id: publication for publication in declared if isinstance(publication, Publication)}
