"""한줄경제, an invented newsletter sent with Stibee."""

from factpl_crawler.pages import stibee
from factpl_crawler.publication import Publication
from factpl_crawler.spiders.newsletter import NewsletterSpider


class HanjulSpider(NewsletterSpider):
    publication = Publication(
        id="hanjul",
        title="한줄경제",
        archive="http://page.hanjul.localhost:8055/archives/77001/emails",
        issue_list=stibee.ARCHIVE,
        issue_page=stibee.ISSUE,
        sections={"today": ("[오늘의 한 줄]",), "figure": ("[숫자 한 줄]",), "reading": ("[함께 읽을 한 줄]",)},
        lists=frozenset({"reading"}),
        label=r"\[[^\]]{2,15}\]",
        footer=(r"한줄경제 \|",),
        calls=(r"원문 보기",),
        senders=("hanjul@hanjul.example",),
        marks=("한줄경제",),
        sites=("news.hanjul.localhost", "naruilbo.localhost"),
    )
