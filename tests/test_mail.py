"""Files and folders → letters."""

import base64
import errno
import gzip
import mailbox
import os
from email.message import EmailMessage
from pathlib import Path

import pytest

from factpl_crawler.mail import Letter, LetterError, Unreadable, decode, read_letters

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


def test_a_mail_in_parts_gives_both_its_texts_and_no_attachment(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "나루테크"
    message.set_content(BODY)
    message.add_alternative(f"<html><body>{BODY}</body></html>", subtype="html")
    message.add_attachment("남의 글", filename="note.txt")
    letter = only_letter(written(tmp_path / "a.eml", message.as_bytes()))
    assert (letter.text.strip(), BODY.strip() in letter.html) == (BODY.strip(), True)


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
        ("a.eml", b"Subject: hi\r\n\r\n", "a mail without a body"),
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
