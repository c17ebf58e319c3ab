"""A month of nights over 한줄경제, which publishes, corrects, deletes, breaks and recovers, in a minute or two.

Run: python -m demo_site.month [--nights 30] [--data DIR]
"""

import argparse
import json
import multiprocessing
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from demo_site.server import Answer, DemoSite
from factpl_crawler import nightly

FIRST_NIGHT = date(2024, 6, 11)
NIGHTS = 30
ARCHIVE = "page.hanjul.localhost /archives/77001/emails"

Incident = Callable[[Answer], Answer]


def busy(answer: Answer) -> Answer:
    return Answer(503, {"Retry-After": "1"}, b"")


def broken(answer: Answer) -> Answer:
    return Answer(500, {}, b"")


def deleted(answer: Answer) -> Answer:
    return Answer(404, {}, b"")


def says(new: str, *, instead_of: str) -> Incident:
    return lambda answer: answer._replace(content=answer.content.replace(instead_of.encode(), new.encode()))


# What becomes of what is asked for, by the beginning of the request, from one day on until before another.
INCIDENTS: tuple[tuple[str, date, date, Incident], ...] = (
    # An article is corrected.
    (
        "news.hanjul.localhost /articleView.html?idxno=4295",
        date(2024, 6, 14), date.max,
        says("바로잡습니다. 보증", instead_of="보증"),
    ),
    # One is deleted.
    ("news.hanjul.localhost /articleView.html?idxno=4321", date(2024, 6, 18), date.max, deleted),
    # The archive's list is busy for two nights.
    (ARCHIVE, date(2024, 6, 20), date(2024, 6, 22), busy),
    # The mailer sends its letters in a layout that nobody has described, and takes it back.
    (
        "stibee.hanjul.localhost /api/v1.0/emails/share/hj07",
        date(2024, 6, 26), date(2024, 6, 28),
        says("mail-block", instead_of="stb-"),
    ),
    # The newspaper is out of order for a night.
    ("news.hanjul.localhost /articleView.html", date(2024, 7, 1), date(2024, 7, 2), broken),
    # Nobody can tell whether the archive may be asked.
    ("page.hanjul.localhost /robots.txt", date(2024, 7, 3), date(2024, 7, 4), broken),
    # An issue gets another title.
    (ARCHIVE, date(2024, 7, 6), date.max, says("택배 상자는 왜 작아졌나", instead_of="택배 상자가 작아진 이유")),
)  # fmt: skip


class Month:
    """What the site answers on the night of `today`."""

    def __init__(self) -> None:
        self.today = FIRST_NIGHT

    def __call__(self, request: str, answer: Answer) -> Answer:
        if request == ARCHIVE:
            answer = self._published(answer)
        for beginning, first, end, incident in INCIDENTS:
            if request.startswith(beginning) and first <= self.today < end:
                answer = incident(answer)
        return answer

    def _published(self, answer: Answer) -> Answer:
        """Leave out the letters that were not sent yet."""
        sent = [mail for mail in json.loads(answer.content) if mail["sentTime"] < self.now.isoformat()]
        return answer._replace(content=json.dumps(sent, ensure_ascii=False).encode())

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(f"{self.today}T03:17:00+09:00")


def nights(number: int, data: Path) -> Iterator[str]:
    """Yield each night's report, as ./nightly writes it for people, without what differs from run to run."""
    month = Month()
    with DemoSite(port=0, change=month) as site:
        host, path = ARCHIVE.split(" ")
        for _ in range(number):
            code = _night(data, month.now, site.url(host, path))
            report = (data / "reports" / f"{month.now:%Y-%m-%dT%H%M%S}.txt").read_text(encoding="utf-8")
            if f"exit code {code}\n" not in report:
                raise RuntimeError(f"the night of {month.today} ended with {code}, and its report says otherwise")
            yield _same_in_every_run(report, site.port)
            month.today += timedelta(1)


def _same_in_every_run(report: str, port: int) -> str:
    """Replace the port, the ids that are made of addresses with it, bytes and seconds."""
    report = re.sub(r"[0-9.]+ MB, [0-9]+ s$", "… MB, … s", report, flags=re.MULTILINE)
    report = re.sub(r"^(index: .*?)[0-9.]+ s\b", r"\1… s", report, flags=re.MULTILINE)
    return re.sub(r"a/[0-9a-f]{16}", "a/…", report.replace(f":{port}/", ":PORT/"))


def _night(data: Path, now: datetime, archive: str) -> int | None:
    os.environ |= {"FACTPL_DATA": str(data), "FACTPL_NOW": now.isoformat(), "SCRAPY_PROJECT": "demo"}
    # A reactor runs once in a process, and what the nights have in common is loaded once.
    process = multiprocessing.get_context("fork").Process(target=_run, args=(archive,))
    process.start()
    process.join()
    return process.exitcode


def _run(archive: str) -> None:
    with redirect_stdout(StringIO()):
        code = nightly.main(["hanjul", "--archive", archive])
    sys.exit(code)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo_site.month", description=__doc__)
    parser.add_argument("--nights", type=int, default=NIGHTS)
    parser.add_argument("--data", type=Path, help="keep the archive there")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="factpl-month-") as folder:
        for report in nights(options.nights, options.data or Path(folder)):
            print(report, flush=True)


if __name__ == "__main__":
    main()
