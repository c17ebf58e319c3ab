"""Who is told of a night: a command, a webhook, a mailbox, and a dead man's switch that misses its ping."""

import json
import os
import smtplib
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from factpl_crawler.config import Mail, Notify
from factpl_crawler.report import Report

SECONDS = 30
COMMAND_SECONDS = 120


@dataclass(frozen=True)
class Notified:
    """`problems` say who could not be told, and why; `in_vain`: of those who were to get the report nobody did."""

    problems: list[str]
    in_vain: bool


class NotifyError(Exception):
    """Somebody could not be told; the message says who, and why."""


def notify(report: Report, settings: Notify) -> Notified:
    """Tell whom *settings* name of a night that they want to hear of.

    The ping goes out after every healthy night: whoever waits for it learns from its absence of nights that never were.
    """
    tellers = list(_tellers(report, settings))
    unheard = [problem for tell in tellers if (problem := _problem_of(tell))]
    ping = [partial(_ask, "ping", settings.ping)] if settings.ping and report.ok else []
    unanswered = [problem for ask in ping if (problem := _problem_of(ask))]
    return Notified(unheard + unanswered, in_vain=bool(tellers) and len(unheard) == len(tellers))


def _problem_of(tell: Callable[[], None]) -> str | None:
    try:
        tell()
    except NotifyError as e:
        return str(e)
    return None


def _tellers(report: Report, settings: Notify) -> Iterator[Callable[[], None]]:
    if not _is_told(report, settings):
        return
    if settings.command:
        yield partial(_run, settings.command, report)
    if settings.webhook:
        yield partial(_post, settings.webhook, report)
    if settings.mail:
        yield partial(_send, settings.mail, report)


def _is_told(report: Report, settings: Notify) -> bool:
    if settings.when == "always" or not report.ok:
        return True
    return settings.when == "news" and report.has_news


def _run(command: tuple[str, ...], report: Report) -> None:
    environment = {**os.environ, "FACTPL_EXIT_CODE": str(report.exit_code), "FACTPL_NIGHT": report.name}
    try:
        run = subprocess.run(  # noqa: S603  # who sets it may run it
            command, input=report.text().encode(), env=environment, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        raise NotifyError(f"the command {command[0]} could not be run: {e}") from e
    if run.returncode:
        raise NotifyError(f"the command {command[0]} ended with {run.returncode}")


def _post(url: str, report: Report) -> None:
    content = json.dumps({"text": report.text(), **report.to_dict()}, ensure_ascii=False).encode()
    _ask("webhook", url, content, {"Content-Type": "application/json"})


def _ask(what: str, url: str, content: bytes | None = None, headers: Mapping[str, str] = {}) -> None:
    if urlsplit(url).scheme not in ("http", "https"):
        raise NotifyError(f"the {what} in factpl.toml is no http or https address")
    try:
        with urlopen(Request(url, content, dict(headers)), timeout=SECONDS):  # noqa: S310  # it was just checked
            pass
    except OSError as e:
        # Not the address: it is a secret where it ends in a token.
        raise NotifyError(f"the {what} at {urlsplit(url).hostname} could not be reached: {e}") from e


def _send(mail: Mail, report: Report) -> None:
    message = EmailMessage()
    message["Subject"] = f"factpl: {'healthy' if report.ok else 'UNHEALTHY'} night of {report.started_at:%Y-%m-%d}"
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    message.set_content(report.text())
    connect = smtplib.SMTP_SSL if mail.security == "tls" else smtplib.SMTP
    try:
        with connect(mail.host, mail.port, timeout=SECONDS) as server:
            if mail.security == "starttls":
                server.starttls()
            if mail.user:
                server.login(mail.user, os.environ.get(mail.password_env, ""))
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as e:
        raise NotifyError(f"the mail could not be sent by {mail.host}: {e}") from e
