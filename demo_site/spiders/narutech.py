"""나루테크 레터, an invented newsletter in the archive of an invented newspaper."""

from factpl_crawler.publication import Publication
from factpl_crawler.spiders.factpl import FactplSpider
from factpl_crawler.spiders.newsletter import NewsletterSpider


class NarutechSpider(NewsletterSpider):
    publication = Publication(
        id="narutech",
        title="나루테크 레터",
        archive="http://www.naruilbo.localhost:8055/newsletter/narutech",
        issue_list=FactplSpider.publication.issue_list,
        issue_page=FactplSpider.publication.issue_page,
        sections={
            "original": ("나루 오리지널",),
            "interview": ("나루 인터뷰",),
            "friday": ("나루 금요 오리지널",),
            "data": ("나루 데이터룸",),
            "recommended": ("나루가 추천하는 기사",),
        },
        lists=frozenset({"recommended"}),
        label=r"\W*나루 [가-힣A-Za-z ]{2,12}\W*",
        notices=(r"나루 오리지널.*구독\s?후 보실", r"Naru Plus가 궁금하시다면", r"\(이미지를? "),
        footer=(r"나루테크 NARUTECH$", r"copyright 나루테크"),
        calls=(r"(?:기사|인터뷰|리포트) 보러 ?가기( GO!?)?",),
        senders=("narutech@naruilbo.example",),
        marks=("나루테크 레터",),
        sites=("naruilbo.localhost",),
    )
