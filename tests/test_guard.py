"""What is never requested."""

from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import Settings
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from factpl_crawler.guard import GuardMiddleware, PublicResolver, StrangerError, is_public, refusal
from factpl_crawler.spiders.factpl import FactplSpider


@pytest.mark.parametrize(
    "url",
    [
        "https://www.joongang.co.kr/article/25202312",
        "https://news.example.kr/articleView.html?idxno=12#top",
        "http://blog.example.kr/2023/10/어떤-글",
        "https://example.com/track-record-of-a-startup",
        "https://eventus.example/why-we-share",
        "https://open.substack.com/pub/naru/p/chips",
        "https://event.newspaper.example/seoul",
        "https://en.wikipedia.org/wiki/Node.js",
        "https://tech.example/2024/how-to-opt-out-of-ai-training",
        "https://blog.example/email-management-tips",
        "https://blog.example/adopt-out-of-box",
        "https://n.example/view?u=https://click.a.example/1",
        "https://www.linkedin.com/pulse/chips",
        "https://news.x.net/1",
        "https://netflix.com/about",
        "https://blog.example/2024/cancel-subscription-fatigue",
        "https://news.example/tech/구독-취소-급증",
        "https://news.example/subscriptions/deleted-scenes",
        "https://news.example/100%25-renewable",
    ],
)
def test_an_article_may_be_requested(url: str) -> None:
    assert refusal(url) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/hostname", "not a web address"),
        ("ftp://example.kr/a", "not a web address"),
        ("javascript:void(0)", "not a web address"),
        ("mailto:a@example.kr", "not a web address"),
        ("http://[", "not a web address"),
        ("https://", "not a web address"),
        ("https://stibee.com/api/v1.0/unsubscribe/abc", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.us1.list-manage.com/profile?u=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/%EC%88%98%EC%8B%A0%EA%B1%B0%EB%B6%80", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/email-preferences?id=3", "acts for the reader (unsubscribe, preferences)"),
        ("https://event.stibee.com/v2/click/MTAw/aHR0", "tracks the reader"),
        ("https://click.example.kr/abc", "tracks the reader"),
        ("https://letter.example/emails/unsub/1", "acts for the reader (unsubscribe, preferences)"),
        ("https://letter.example/unsub?x=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://letter.example/reject_mail.php?n=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://u1.ct.example/ls/click?upn=abc", "tracks the reader"),
        ("https://substack.com/redirect/2/abc", "tracks the reader"),
        ("https://www.facebook.com/sharer?u=x", "a social network"),
        ("https://x.com/factpl", "a social network"),
        ("https://example.kr/report.PDF", "not a page"),
        ("HTTPS://EXAMPLE.KR/UNSUBSCRIBE/1", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/%75nsubscribe", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/%2575nsubscribe", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/ｕｎｓｕｂｓｃｒｉｂｅ", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/un\u200bsubscribe", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/un%0asubscribe", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/letter?action=optout&id=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/letter/do_unsubscribe", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/letter/cancel-subscription", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/subscriptions/delete?k=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/newsletter/leave?k=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/구독취소", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/구독_해지?k=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://example.kr/mail/refuse?k=1", "acts for the reader (unsubscribe, preferences)"),
        ("https://xx.sendgrid.net/wf/click?upn=abc", "tracks the reader"),
        ("https://example.kr/track/open/1.html", "tracks the reader"),
        ("https://e.example.kr//v2//click/abc", "tracks the reader"),
        ("https://mailtrack.example/CL0/https:%2F%2Fexample.kr/1/abc", "tracks the reader"),
        ("https://example.us1.list-manage.com/track/click?u=1", "tracks the reader"),
    ],
)
def test_a_harmful_or_useless_link_is_refused_with_its_reason(url: str, reason: str) -> None:
    assert refusal(url) == reason


@pytest.mark.parametrize(
    "text",
    ["수신 거부하기", "수신거부는 여기", "메일 수신 해지", "구독을 취소", "그만 받기", "수신을 거부하시려면", "Opt out",
     "더 이상 메일을 받고 싶지 않아요", "Manage preferences", "Update your email preferences", "Unsubscribe here"],
)  # fmt: skip
def test_the_text_of_a_link_can_give_it_away(text: str) -> None:
    assert refusal("https://example.kr/u/8f3a", text) == "acts for the reader (unsubscribe, preferences)"


@pytest.mark.parametrize("headline", ["영상 서비스 구독 취소 급증…왜", "‘구독 해지’ 막는 다크패턴", "메일 한 통의 값"])
def test_a_headline_about_subscriptions_gives_nothing_away(headline: str) -> None:
    assert refusal("https://example.kr/u/8f3a", headline) is None


def test_every_request_is_looked_at_before_it_leaves() -> None:
    with pytest.raises(IgnoreRequest, match="never requested: tracks the reader"):
        GuardMiddleware().process_request(Request("https://event.stibee.com/v2/click/MTAw/aHR0"))


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE"])
def test_nothing_is_ever_sent(method: str) -> None:
    with pytest.raises(IgnoreRequest, match=f"^never requested: {method}$"):
        GuardMiddleware().process_request(Request("https://news.example.kr/1", method=method))


@pytest.mark.parametrize("meta", [{"archive": True}, {"dont_obey_robotstxt": True}])
def test_what_acts_for_the_reader_is_refused_wherever_it_comes_from(meta: dict[str, bool]) -> None:
    with pytest.raises(IgnoreRequest, match="acts for the reader"):
        GuardMiddleware().process_request(Request("https://stibee.com/api/v1.0/unsubscribe/abc", meta=meta))


def test_a_redirect_to_another_site_says_so_with_its_status() -> None:
    meta = {"keeps_to": FactplSpider.publication, "redirect_reasons": [301, 302]}
    with pytest.raises(StrangerError, match=r"^news\.example is not one of factpl's sites; ") as e:
        GuardMiddleware().process_request(Request("https://news.example/1", meta=meta))
    assert e.value.status == 302


def test_an_address_of_the_publications_own_file_is_not_judged_as_mail() -> None:
    request = Request("https://event.example.kr/archive", meta={"archive": True})
    assert GuardMiddleware().process_request(request) is None


def _outcome(deferred: "Deferred[str]") -> Any:
    results: list[Any] = []
    deferred.addBoth(results.append)
    return results[0]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.0.1", "169.254.169.254",
        "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_a_name_that_resolves_to_a_private_address_is_refused(address: str) -> None:
    with pytest.raises(DNSLookupError, match="is not a public address"):
        PublicResolver._public(address, "intranet.example.kr")


NOT_PUBLIC = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.3.4",
    "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_private_or_leads_to_another_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["203.252.3.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2404:4600:6::1"])
def test_an_address_of_the_web_is_public(address: str) -> None:
    assert is_public(address)


def test_a_public_address_passes() -> None:
    assert PublicResolver._public("203.252.3.1", "news.example.kr") == "203.252.3.1"


@pytest.mark.parametrize(("name", "address"), [("www.naruilbo.localhost", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")])
def test_loopback_only_mode_reaches_loopback(name: str, address: str) -> None:
    assert _outcome(PublicResolver._loopback(name)) == address


@pytest.mark.parametrize("name", ["www.joongang.co.kr", "10.0.0.1", "localhost.example.kr", "2130706433"])
def test_loopback_only_mode_reaches_nothing_else(name: str) -> None:
    assert "only loopback" in str(_outcome(PublicResolver._loopback(name)).value)


@pytest.fixture
def settings() -> Settings:
    # Not by way of the environment, where it would stay for the tests after this one.
    settings = Settings()
    settings.setmodule("factpl_crawler.settings", priority="project")
    return settings


def test_unsafe_defaults_are_closed(settings: Settings) -> None:
    assert [scheme for scheme, handler in settings.getwithbase("DOWNLOAD_HANDLERS").items() if handler] == [
        "http",
        "https",
    ]
    closed = (
        "TELNETCONSOLE_ENABLED",
        "REMOTE_CONTROL_ENABLED",
        "HTTPPROXY_ENABLED",
        "COOKIES_ENABLED",
        "METAREFRESH_ENABLED",
    )
    assert {name: settings.getbool(name) for name in closed} == dict.fromkeys(closed, False)
    assert settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
    assert settings.getbool("ROBOTSTXT_OBEY")
    assert settings.getint("DOWNLOAD_MAXSIZE") <= 16 * 1024 * 1024
    assert settings["TWISTED_DNS_RESOLVER"] == "factpl_crawler.guard.PublicResolver"
    assert not settings.getbool("LOOPBACK_ONLY")
    assert settings["DOWNLOADER_MIDDLEWARES"]["factpl_crawler.guard.GuardMiddleware"] == 50
    assert settings["DOWNLOADER_MIDDLEWARES"]["factpl_crawler.robots.RobotsMiddleware"] == 100


def test_the_crawl_is_polite(settings: Settings) -> None:
    assert settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1
    assert settings.getfloat("DOWNLOAD_DELAY") >= 1
    assert settings.getbool("AUTOTHROTTLE_ENABLED")
    assert settings["USER_AGENT"].startswith("factpl/")
