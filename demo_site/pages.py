"""나루일보, an invented newspaper whose pages are built as 중앙일보 builds its own."""

from factpl_crawler.pages.joongang import JoongangPage


class NaruilboPage(JoongangPage):
    site_id = "naruilbo"
    domains = ("naruilbo.localhost",)
    scheme = "http"
    title_suffixes = (" | 나루일보", " - 나루일보")
