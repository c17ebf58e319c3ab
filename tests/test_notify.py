"""Who is told of a night, and of which."""

import json
import smtplib
import socket
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest

from factpl_crawler.config import Mail, Notify
from factpl_crawler.frontier import Event
from factpl_crawler.notify import notify
from factpl_crawler.outcome import Outcome
from factpl_crawler.report import Crawled, Report
from factpl_crawler.text import KST

MAIL = Mail(host="127.0.0.1", security="none", sender="factpl@n.example", to=("desk@n.example",))


def report(*, ok: bool = True, news: bool = False) -> Report:
    outcome = Outcome("narutech", {"issue": 0, "article": 0}, {"issue": 0, "article": 0}, [] if ok else ["errors: 2"])
    events = [Event("issue", "new", "narutech/30", "바다풀이 던진 질문")] if news else []
    crawled = Crawled(outcome, events, {}, 1, 2, 3.0)
    return Report(datetime(2024, 7, 19, 3, 17, tzinfo=KST), [crawled], exit_code=0 if ok else 5)


class _Keeping(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.asked.append((self.command, self.path, self.rfile.read(length)))  # type: ignore[attr-defined]
        self.send_response(404 if "gone" in self.path else 200)
        self.end_headers()

    do_POST = do_GET  # noqa: N815  # the server's name for it

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Keeping)
    server.asked = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("when", "told"),
    [("unhealthy", [False, False, True]), ("news", [False, True, True]), ("always", [True, True, True])],
)
def test_a_command_is_given_the_report_of_the_nights_that_somebody_wants_to_hear_of(
    tmp_path: Path, when: str, told: list[bool]
) -> None:
    seen = []
    for night in (report(), report(news=True), report(ok=False)):
        file = tmp_path / "told"
        settings = Notify.model_validate(
            {"when": when, "command": ["sh", "-c", f'cat > {file}; echo "$FACTPL_EXIT_CODE" >> {file}']}
        )
        assert notify(night, settings).problems == []
        seen.append(file.exists())
        if file.exists():
            assert file.read_text(encoding="utf-8") == f"{night.text()}{night.exit_code}\n"
            file.unlink()
    assert seen == told


def test_a_webhook_gets_the_report_as_json_and_the_ping_comes_after_healthy_nights_only(server: Any) -> None:
    address = f"http://127.0.0.1:{server.server_port}"
    settings = Notify(when="always", webhook=f"{address}/hook", ping=f"{address}/ping")
    assert notify(report(news=True), settings).problems == []
    assert notify(report(ok=False), settings).problems == []
    assert [(method, path) for method, path, _ in server.asked] == [
        ("POST", "/hook"),
        ("GET", "/ping"),
        ("POST", "/hook"),
    ]
    posted = json.loads(server.asked[0][2])
    assert posted == {"text": report(news=True).text(), **report(news=True).to_dict()}


def test_the_ping_goes_out_even_where_nobody_wants_to_hear_of_healthy_nights(server: Any) -> None:
    assert notify(report(), Notify(ping=f"http://127.0.0.1:{server.server_port}/ping")).problems == []
    assert [path for _, path, _ in server.asked] == ["/ping"]


class _MailServer(StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        received = []
        in_data = False
        for line in self.rfile:
            received.append(line)
            if in_data and line == b".\r\n":
                in_data = False
                self.wfile.write(b"250 kept\r\n")
            elif line.upper().startswith(b"DATA"):
                in_data = True
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                break
            elif not in_data:
                self.wfile.write(b"250 fine\r\n")
        self.server.received = b"".join(received)  # type: ignore[attr-defined]


def test_a_mail_says_in_its_subject_how_the_night_was() -> None:
    server = ThreadingTCPServer(("127.0.0.1", 0), _MailServer)
    Thread(target=server.serve_forever, daemon=True).start()
    mail = Mail(
        host="127.0.0.1",
        port=server.server_address[1],
        security="none",
        sender="factpl@n.example",
        to=("desk@n.example",),
    )
    assert notify(report(ok=False), Notify(mail=mail)).problems == []
    server.shutdown()
    server.server_close()
    received = server.received.decode()  # type: ignore[attr-defined]
    assert "Subject: factpl: UNHEALTHY night of 2024-07-19" in received
    assert "To: desk@n.example" in received


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_who_could_not_be_told_is_named_without_the_secret_in_the_address(server: Any) -> None:
    port = unused_port()
    mail = MAIL.model_copy(update={"port": port})
    settings = Notify(
        when="always", command=("false",), webhook=f"http://127.0.0.1:{server.server_port}/gone/secret",
        ping="file:///etc/hostname", mail=mail,
    )  # fmt: skip
    problems = notify(report(), settings).problems
    assert problems == [
        "the command false ended with 1",
        "the webhook at 127.0.0.1 could not be reached: HTTP Error 404: Not Found",
        "the mail could not be sent by 127.0.0.1: [Errno 111] Connection refused",
        "the ping in factpl.toml is no http or https address",
    ]
    assert notify(report(ok=False), Notify(command=("no-such-command",))).problems == [
        "the command no-such-command could not be run: [Errno 2] No such file or directory: 'no-such-command'"
    ]


def test_a_password_that_is_refused_is_a_problem_of_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"no")

    monkeypatch.setattr(smtplib, "SMTP_SSL", refuse)
    mail = Mail(
        host="mail.example", security="tls", user="u", password_env="SECRET", sender="a@n.example", to=("b@n.example",)
    )
    assert notify(report(ok=False), Notify(mail=mail)).problems == [
        "the mail could not be sent by mail.example: (535, b'no')"
    ]
