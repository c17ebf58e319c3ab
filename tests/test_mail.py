"""Files and folders → letters."""

import base64
import errno
import gzip
import mailbox
import os
import socket
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from factpl_crawler.mail import Letter, LetterError, Unreadable, decode, read_letters
from factpl_crawler.store import Store

ROOT = Path(__file__).parent.parent

BODY = "나루 오리지널\n\n배가 뜨는 날, 그로크의 칩이 온다\n"


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def only_letter(path: Path) -> Letter:
    [letter] = read_letters(path)
    assert isinstance(letter, Letter)
    return letter


def only_fault(path: Path) -> str:
    [unreadable] = read_letters(path)
    assert isinstance(unreadable, Unreadable)
    return unreadable.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_plain_text_is_read_in_whichever_encoding_it_came(tmp_path: Path, encoding: str) -> None:
    assert only_letter(written(tmp_path / "a.txt", BODY.encode(encoding))).text == BODY


def test_a_html_file_is_read_by_its_declared_charset(tmp_path: Path) -> None:
    page = f'<html><head><meta charset="euc-kr"></head><body>{BODY}</body></html>'
    assert BODY in only_letter(written(tmp_path / "a.html", page.encode("cp949"))).html


def test_a_html_file_whose_declared_charset_is_wrong_is_read_by_its_bytes(tmp_path: Path) -> None:
    page = f'<html><head><meta charset="utf-8"></head><body>{BODY}</body></html>'
    assert only_letter(written(tmp_path / "a.html", page.encode("cp949"))).html == page


def test_html_is_read_by_the_charset_it_declares_whichever_that_is(tmp_path: Path) -> None:
    page = '<html><head><meta charset="shift_jis"></head><body>ひらがな、東京</body></html>'
    raw = page.encode("shift_jis")
    assert only_letter(written(tmp_path / "a.html", raw)).html == page
    mail = eml(b"Subject: hi", b"Content-Type: text/html", body=raw)
    assert only_letter(written(tmp_path / "a.eml", mail)).html == page


def test_a_html_file_with_a_broken_byte_loses_only_that(tmp_path: Path) -> None:
    page = f'<html><head><meta charset="euc-kr"></head><body>{BODY}끝\ufffd</body></html>'
    raw = page.replace("\ufffd", "").encode("cp949").replace(b"</body>", b"\xff</body>")
    assert only_letter(written(tmp_path / "a.html", raw)).html == page


@pytest.mark.parametrize("start", ["<!-- saved -->", "<style>p {}</style>", "<?xml version='1.0'?>", "<center>"])
@pytest.mark.parametrize(("name", "encoding"), [("a.html", "utf-8"), ("A.HTM", "cp949"), ("a.html.gz", "utf-16")])
def test_a_html_file_is_known_by_its_name_however_it_begins(
    tmp_path: Path, name: str, encoding: str, start: str
) -> None:
    page = f"{start}<p>{BODY}</p>"
    raw = page.encode(encoding)
    assert only_letter(written(tmp_path / name, gzip.compress(raw) if name.endswith(".gz") else raw)).html == page


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    assert only_letter(written(tmp_path / "a.txt.gz", gzip.compress(BODY.encode()))).text == BODY


def eml(*headers: bytes, body: bytes) -> bytes:
    return b"\r\n".join([*headers, b"MIME-Version: 1.0", b"", body])


@pytest.mark.parametrize(
    ("charset", "transfer"), [("euc-kr", "base64"), ("utf-8", "quoted-printable"), ("ks_c_5601-1987", "8bit")]
)
def test_a_mail_is_read_with_its_headers(tmp_path: Path, charset: str, transfer: str) -> None:
    message = EmailMessage()
    raw = BODY.encode("cp949" if charset != "utf-8" else charset)
    encoded = {"base64": base64.encodebytes, "8bit": bytes}.get(transfer)
    if encoded is None:
        message.set_content(BODY, charset=charset, cte=transfer)
        message["Subject"], message["From"] = "나루테크 레터 #3", "나루 <a@naru.example>"
        message["Date"] = "Thu, 14 Mar 2024 07:00:00 +0900"
        content = message.as_bytes()
    else:
        subject = base64.b64encode("나루테크 레터 #3".encode("cp949"))
        content = eml(
            b"Subject: =?EUC-KR?B?" + subject + b"?=",
            b"From: =?EUC-KR?B?" + base64.b64encode("나루".encode("cp949")) + b"?= <a@naru.example>",
            b"Date: Thu, 14 Mar 2024 07:00:00 +0900",
            f"Content-Type: text/plain; charset={charset}".encode(),
            f"Content-Transfer-Encoding: {transfer}".encode(),
            body=encoded(raw),
        )
    letter = only_letter(written(tmp_path / "a.eml", content))
    assert letter.subject == "나루테크 레터 #3"
    assert letter.sender == "나루 <a@naru.example>"
    assert letter.date == "Thu, 14 Mar 2024 07:00:00 +0900"
    assert letter.text.split() == BODY.split()


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_headers_that_were_never_encoded_are_read_too(tmp_path: Path, encoding: str) -> None:
    content = eml("Subject: 나루테크 레터".encode(encoding), b"From: a@naru.example", body=b"hello")
    assert only_letter(written(tmp_path / "a.eml", content)).subject == "나루테크 레터"


@pytest.mark.parametrize(
    "content",
    [
        b"BEGIN:VCALENDAR\r\n" + b"SUMMARY:x\r\n" * 40 + b"END:VCALENDAR\r\n",
        b"X-Naru: 1\r\n" * 40 + b"(no header)\r\n",
    ],
)
def test_lines_like_headers_without_an_end_are_a_plain_text(tmp_path: Path, content: bytes) -> None:
    assert only_letter(written(tmp_path / "a.ics", content)).text == content.decode()


def test_a_mail_is_known_by_its_headers_whatever_its_name(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfSubject: hi\r\nX_Naru-Id: 1\r\n 2\r\nFrom: a@naru.example\r\n\r\nhello"
    letter = only_letter(written(tmp_path / "a.txt", content))
    assert (letter.subject, letter.sender, letter.text) == ("hi", "a@naru.example", "hello")


@pytest.mark.parametrize("name", ["A.EML", "a.Eml.GZ"])
def test_a_mail_is_known_by_its_name_in_capitals_too(tmp_path: Path, name: str) -> None:
    content = b"Subject: hi\n\nhello"
    raw = gzip.compress(content) if name.endswith("GZ") else content
    assert only_letter(written(tmp_path / name, raw)).subject == "hi"


def test_a_subject_of_several_lines_is_read_as_one(tmp_path: Path) -> None:
    assert only_letter(written(tmp_path / "a.eml", b"Subject: naru\r\n tech\r\n\r\nhello")).subject == "naru tech"


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        (b"=?utf-8?B?a?=", "=?utf-8?B?a?="),
        (b"=?euc-kr?Q?=B0=A1=FF?= b", "가\ufffd b"),
        (b"=?utf-8?Q?=EA=B0=80=FF?= b", "가\ufffd b"),
        (b"=?undefined?Q?a?= b", "a b"),
        (b"=?rot13?Q?a=FF?= b", "a\ufffd b"),
        (b"a\x01b", "ab"),
        (b"\xff\xfd\xff", "\ufffd\ufffd\ufffd"),
    ],
)
def test_a_broken_subject_loses_only_what_is_broken(tmp_path: Path, subject: bytes, read: str) -> None:
    letter = only_letter(written(tmp_path / "a.eml", b"Subject: " + subject + b"\r\n\r\nhello"))
    assert (letter.subject, letter.text) == (read, "hello")


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (b"text/plain; charset=undefined", "가".encode(), "가"),
        (b'text/plain; charset="a\0b"', "가".encode("cp949"), "가"),
        (b"text/plain; charset=rot13", "가".encode(), "가"),
        (b"text/plain", b"hello\x01", "hello\x01"),
        (b"text/plain; charset=utf-8", "안녕하세요".encode() + b"\xff", "안녕하세요\ufffd"),
    ],
)
def test_a_body_is_read_whatever_is_wrong_with_its_charset(
    tmp_path: Path, content_type: bytes, body: bytes, text: str
) -> None:
    content = eml(b"Subject: hi", b"Content-Type: " + content_type, body=body)
    assert only_letter(written(tmp_path / "a.eml", content)).text == text


@pytest.mark.parametrize("charset", ["undefined", "a\0b", "utf-8", "euc-kr", "us-ascii"])
def test_a_html_body_is_read_whatever_charset_it_names(tmp_path: Path, charset: str) -> None:
    for encoding in ("utf-8", "cp949"):
        body = f"<p>{BODY}</p>".encode(encoding)
        content = eml(b"Subject: hi", f'Content-Type: text/html; charset="{charset}"'.encode(), body=body)
        assert only_letter(written(tmp_path / "a.eml", content)).html == f"<p>{BODY}</p>"


def test_a_text_that_was_wrapped_for_the_mail_is_put_together_again(tmp_path: Path) -> None:
    body = "배가 뜨는 \r\n날, 칩이 \r\n온다.\r\n끝 \r\n\r\n From 나루\r\n> 남의 \r\n> 말 \r\n-- \r\n나루".encode()
    content = eml(b"Subject: hi", b"Content-Type: text/plain; charset=utf-8; format=Flowed", body=body)
    flowed = only_letter(written(tmp_path / "a.eml", content)).text
    assert flowed == "배가 뜨는 날, 칩이 온다.\n끝 \n\nFrom 나루\n> 남의 \n> 말 \n-- \n나루\n"
    deleted = only_letter(written(tmp_path / "a.eml", content.replace(b"Flowed", b"flowed; delsp=yes"))).text
    assert deleted.splitlines()[0] == "배가 뜨는날, 칩이온다."
    fixed = only_letter(written(tmp_path / "a.eml", content.replace(b"Flowed", b"fixed"))).text
    assert fixed == body.decode()


NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(1100))


@pytest.mark.parametrize("headers", [b"Content-Type: text/plain; name*0*\r\n", NESTED])
def test_a_malformed_mail_is_set_aside_and_the_others_are_read(tmp_path: Path, headers: bytes) -> None:
    broken = b"Subject: hi\r\n" + headers + b"\r\nhello\r\n"
    written(tmp_path / "a.mbox", b"".join(b"From a\r\n" + mail for mail in (broken, b"Subject: ho\r\n\r\nhello\r\n")))
    unreadable, letter = read_letters(tmp_path / "a.mbox")
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.reason[:13], unreadable.raw) == ("broken mail: ", broken)
    assert isinstance(letter, Letter)
    assert letter.subject == "ho"


def test_a_mail_in_parts_gives_both_its_texts_and_no_attachment(tmp_path: Path) -> None:
    body = EmailMessage()
    body.set_content(BODY)
    body.add_alternative(f"<html><body>{BODY}</body></html>", subtype="html")
    message = EmailMessage()
    message["Subject"] = "나루테크"
    message.add_attachment("남의 글", filename="note.txt")
    message.add_attachment("<p>남의 글</p>", subtype="html", filename="note.html")
    message.attach(body)
    letter = only_letter(written(tmp_path / "a.eml", message.as_bytes()))
    assert (letter.text, letter.html) == (BODY, f"<html><body>{BODY}</body></html>\n")


def test_a_letter_forwarded_whole_is_the_one_inside(tmp_path: Path) -> None:
    inner = EmailMessage()
    inner["Subject"], inner["From"] = "나루테크 레터 #4", "a@naru.example"
    inner.set_content(BODY)
    outer = EmailMessage()
    outer["Subject"], outer["From"] = "Fwd: 보세요", "reader@home.example"
    outer.set_content("이거 보세요")
    outer.add_attachment(inner)
    letter = only_letter(written(tmp_path / "a.eml", outer.as_bytes()))
    assert (letter.subject, letter.sender) == ("나루테크 레터 #4", "a@naru.example")


def _message(number: int) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = f"나루테크 레터 #{number}"
    message.set_content(BODY)
    return message


def test_every_letter_of_an_mbox_is_read_and_the_file_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "letters.mbox"
    box = mailbox.mbox(path)
    for number in (1, 2, 3):
        box.add(_message(number))
    box.close()
    before = path.read_bytes()
    assert [letter.subject for letter in read_letters(path) if isinstance(letter, Letter)] == [
        "나루테크 레터 #1", "나루테크 레터 #2", "나루테크 레터 #3",
    ]  # fmt: skip
    assert path.read_bytes() == before


def test_every_letter_of_a_maildir_is_read(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "Mail", create=True)
    for number in (1, 2):
        box.add(_message(number))
    found = {letter.subject for letter in read_letters(tmp_path / "Mail") if isinstance(letter, Letter)}
    assert found == {"나루테크 레터 #1", "나루테크 레터 #2"}


def test_the_folders_of_a_maildir_are_read_too_but_nothing_that_is_no_mail(tmp_path: Path) -> None:
    path = tmp_path / "Mail"
    box = mailbox.Maildir(path, create=True)
    box.add_folder("Archive.2024").add(_message(1))
    os.mkfifo(path / "cur" / "pipe")
    written(path / "tmp" / "half", "Subject: half")
    written(path / "index.log", "no mail")
    written(path / "cur" / ".hidden", "no mail")
    unreadable, letter = sorted(read_letters(path), key=lambda found: isinstance(found, Letter))
    assert unreadable == Unreadable(str(path / "cur" / "pipe"), "not a regular file")
    assert isinstance(letter, Letter)
    assert (letter.subject, Path(letter.source).parent) == ("나루테크 레터 #1", path / ".Archive.2024" / "new")


def test_a_mail_of_a_maildir_needs_but_one_header(tmp_path: Path) -> None:
    mailbox.Maildir(tmp_path / "Mail", create=True).add(b"Subject: hi\n\nhello\n")
    letter = only_letter(tmp_path / "Mail")
    assert (letter.subject, letter.text) == ("hi", "hello\n")


def test_a_maildir_without_a_letter_is_an_error(tmp_path: Path) -> None:
    mailbox.Maildir(tmp_path / "Mail", create=True).add_folder("Archive")
    with pytest.raises(LetterError, match="Mail: no letter in this Maildir"):
        list(read_letters(tmp_path / "Mail"))


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "b"))
        written(tmp_path / "c", BODY)
        *faults, letter = read_letters(tmp_path)
    assert faults == [Unreadable(str(tmp_path / name), "not a regular file") for name in ("a", "b")]
    assert isinstance(letter, Letter)


def test_a_file_name_that_is_no_utf_8_can_be_stored(tmp_path: Path) -> None:
    written(tmp_path / os.fsdecode(b"\xb0\xa1.txt"), BODY)
    written(tmp_path / os.fsdecode(b"\xb0\xa2.txt"), b"")
    sources = [letter.source for letter in read_letters(tmp_path)]
    assert sources == [f"{tmp_path}/\ufffd\ufffd.txt"] * 2


def test_of_a_huge_file_only_the_beginning_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factpl_crawler.mail.LARGEST_LETTER", 1 << 20)
    [unreadable] = read_letters(written(tmp_path / "film", b"\x01" * ((1 << 20) + 1)))
    assert unreadable.raw == b"\x01" * (1 << 20)
    assert unreadable == Unreadable(
        str(tmp_path / "film"), "larger than 1 MiB (the first 1 MiB are kept)", unreadable.raw
    )
    [gzipped] = read_letters(written(tmp_path / "film.gz", b"\x01" * ((1 << 20) + 1)))
    assert isinstance(gzipped, Unreadable)
    assert gzipped.reason.endswith(" (the first 1 MiB are kept)")
    assert gzipped.raw == b"\x01" * (1 << 20)


def test_a_folder_gives_its_files_in_order_and_passes_over_hidden_ones(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("c.txt", "a.txt", "b/z.txt", ".DS_Store"):
        written(tmp_path / name, name)
    assert [letter.text for letter in read_letters(tmp_path) if isinstance(letter, Letter)] == [
        "a.txt",
        "b/z.txt",
        "c.txt",
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "empty file"),
        ("a.txt", b" \n\n", "empty file"),
        ("a.txt", bytes(range(256)), "not a text: neither UTF-8 nor CP949"),
        ("a.html", bytes(range(256)), "not a text: neither UTF-8 nor CP949"),
        ("a.eml", b"Subject: hi\r\n\r\n", "a mail without a body"),
        ("a.eml", b"Subject: hi\r\n\r\n" + bytes(range(256)), "not a text: neither UTF-8 nor CP949"),
        ("a.txt.gz", gzip.compress(BODY.encode() * 50)[:-20], "broken gzip: "),
        ("a.txt.gz", b"no gzip at all", "broken gzip: "),
    ],
)
def test_what_cannot_be_read_says_why_and_is_kept(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    [unreadable] = read_letters(written(tmp_path / name, content))
    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason.startswith(reason)
    assert unreadable.raw == content


def test_one_unreadable_file_does_not_stop_the_folder(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", b"\x00\x01")
    written(tmp_path / "b.txt", BODY)
    assert [type(letter) for letter in read_letters(tmp_path)] == [Unreadable, Letter]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LetterError, match=r"nowhere.txt: No such file"):
        list(read_letters(tmp_path / "nowhere.txt"))


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LetterError, match="no file in this folder"):
        list(read_letters(tmp_path))


def test_an_unreadable_folder_is_reported_and_the_rest_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "a.txt", BODY)
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def locked(path: str) -> object:  # root, as tests may run, is let into every folder
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    [unreadable, letter] = read_letters(tmp_path)
    assert unreadable == Unreadable(str(tmp_path / "locked"), "Permission denied")
    assert isinstance(letter, Letter)


def test_a_wrong_charset_is_overruled_by_what_the_bytes_are() -> None:
    assert decode("똠방각하 펲시".encode("cp949"), "us-ascii") == "똠방각하 펲시"
    assert decode("그로크".encode(), "no-such-charset") == "그로크"


NEWSLETTER = "2024.03.14 Thursday #12\n나루 인터뷰\n제목이다\n나루테크 레터의 본문입니다.\n"


def collected(data: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the headlines of the issues that a crawl of mail stored, and what it set aside with the reasons."""
    options = [part for argument in arguments for part in ("-a", argument)]
    command = [sys.executable, "-W", "error", "-m", "scrapy", "crawl", "mailbox", *options]
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": "demo"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    with Store.open(data / "archive.sqlite3") as store:
        headlines = sorted(str(issue.headline) for issue in store.issues())
        return headlines, {row.url: row.reason for row in store.quarantined()}


def test_a_reply_is_taken_for_the_newsletter_when_it_is_said_to_be(tmp_path: Path) -> None:
    mail = "Subject: Re: 봄 항구\nContent-Type: text/plain; charset=utf-8\n\n" + NEWSLETTER
    written(tmp_path / "a.eml", mail)
    assert collected(tmp_path / "data", f"path={tmp_path / 'a.eml'}", "publication=narutech") == (["봄 항구"], {})


def test_one_bad_mail_in_a_mailbox_leaves_the_good_ones_in_the_archive(tmp_path: Path) -> None:
    head = "MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\nContent-Type: text"
    mails = [
        f"Subject: 봄 항구\n{head}/plain; charset=utf-8\n\n{NEWSLETTER}",
        f"Subject: Re: 봄 항구\n{head}/plain; charset=utf-8\n\n잘 봤어요\n> {NEWSLETTER}",
        f"Subject: hi\n{head}/plain; charset=utf-8\n\n나루테크 레터 받아 보세요?\n",
        f"Subject: 나루테크 레터\n{head}/html; charset=utf-7\n\n<p>+2AA-</p>\n",
        f"Subject: hi\n{head}/plain; name*0*\n\nhello\n",
        f"Subject: 여름 항구\n{head}/plain; charset=utf-8\n\n{NEWSLETTER.replace('12', '13')}",
    ]
    (tmp_path / "mail").mkdir()
    written(tmp_path / "mail" / os.fsdecode(b"\xb0\xa1.mbox"), "".join(f"From a\n{mail}\n" for mail in mails))
    headlines, quarantined = collected(tmp_path / "data", f"path={tmp_path / 'mail'}")
    assert headlines == ["봄 항구", "여름 항구"]
    source = f"{tmp_path}/mail/\ufffd\ufffd.mbox"
    hint = "if it is, say so with -a publication=narutech"
    doubt = "no date line, and not from the address of 나루테크 레터"
    surrogates = "'utf-8' codec can't encode character '\\ud800' in position 3: surrogates not allowed"
    assert quarantined == {
        f"{source}#1": f"not the newsletter itself: a reply, 'Re: 봄 항구'; {hint}",
        f"{source}#2": f"not the newsletter itself: {doubt}; {hint}",
        f"{source}#3": f"broken letter: {surrogates}",
        f"{source}#4": "broken mail: string index out of range",
    }
