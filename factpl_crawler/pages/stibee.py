"""Stibee: the rules that every newsletter sent with it shares."""

from factpl_crawler.publication import IssueRules, JsonList

ARCHIVE = JsonList(link="permanentLink", headline="subject", date="sentTime", skip=r"\(재발송\)")

# Older mails put the class on a cell; a mail that was re-hosted may have lost its outer box.
ISSUE = IssueRules(
    body="div.stb-container-full, table.stb-container, td.stb-container",
    headline='meta[property="og:title"]::attr(content), title::text',
)
