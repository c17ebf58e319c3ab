"""팩플 Weekly, in 중앙일보's own archive. What nobody has seen on a live page is named in `inferred`."""

from factpl_crawler.publication import HtmlList, IssueRules, Publication
from factpl_crawler.spiders.newsletter import NewsletterSpider


class FactplSpider(NewsletterSpider):
    publication = Publication(
        id="factpl",
        title="팩플 Weekly",
        archive="https://www.joongang.co.kr/newsletter/factpl",
        issue_list=HtmlList(
            item="main#container ul > li",
            link="h2 a::attr(href)",
            headline="h2 a::text",
            date=".date::text",
            next_page="main#container nav > ul > li:not(.disabled):last-child > a:not(.disabled)::attr(href)",
        ),
        issue_page=IssueRules(
            body="main#container article > div",
            headline="main#container article > header > div:nth-child(2) ::text",
        ),
        sections={
            "original": ("팩플 오리지널",),
            "interview": ("팩플 인터뷰",),
            "friday": ("팩플 금요오리지널",),
            "recommended": ("팩플이 추천하는 기사",),
        },
        lists=frozenset({"recommended"}),
        label=r"\W*팩플 ?[가-힣A-Za-z ]{2,12}\W*",
        notices=(r"팩플 오리지널.*구독\s?후 보실", r"The JoongAng Plus에 대한 소개", r"\(이미지 클릭하면"),
        footer=(r"팩플 FACTPL$", r"copyright 팩플"),
        calls=(r"(?:기사|인터뷰|리포트) 보러 ?가기( GO!?)?",),
        senders=("factpl@joongang.co.kr",),
        marks=("팩플 Weekly", "factpl@joongang.co.kr"),
        sites=("joongang.co.kr", "joins.com"),
        inferred={
            "archive": "the address by analogy with the publisher's other letters",
            "issue_list": "the list's mark-up from one report, the pager's and the date's from its other lists",
            "issue_page": "the page's mark-up from one report",
        },
    )
