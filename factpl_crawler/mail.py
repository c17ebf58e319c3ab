"""Local files → letters: plain text, HTML, .eml, mbox and Maildir, each of the first three also as .gz."""

import gzip
import mailbox
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import EmailMessage
from pathlib import Path

from w3lib.encoding import html_to_unicode

from factpl_crawler.text import clean

LARGEST_FILE = 512 * 1024 * 1024
LARGEST_LETTER = 64 * 1024 * 1024
DEEPEST_FORWARD = 5
MESSAGE_SUFFIXES = frozenset({".eml", ".msg", ".mime"})
HTML = re.compile(rb"\s*(?:<!doctype|<html|<head|<body|<table|<div|<meta|<img|<p[ >])", re.IGNORECASE)
HEADER = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){2,}\r?\n")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class LetterError(Exception):
    """The file or letter cannot be read; the message says why."""


@dataclass
class Letter:
    """`source` is the file, for a letter of an mbox or a Maildir with `#` and its key."""

    source: str
    raw: bytes
    subject: str = ""
    sender: str = ""
    date: str = ""
    html: str = ""
    text: str = ""


@dataclass(frozen=True)
class Unreadable:
    source: str
    reason: str
    raw: bytes = b""


def read_letters(path: Path) -> Iterator[Letter | Unreadable]:
    """Yield each letter in a file or folder. Raise `LetterError` when *path* itself cannot be read."""
    try:
        if not path.is_dir():
            yield from _file(path, path.stat().st_size)
        elif (path / "cur").is_dir() and (path / "new").is_dir():
            yield from _box(mailbox.Maildir(path, create=False), str(path))
        else:
            yield from _folder(path)
    except OSError as e:
        raise LetterError(f"{path}: {e.strerror or e}") from e


def _folder(path: Path) -> Iterator[Letter | Unreadable]:
    closed: list[OSError] = []
    walk = os.walk(path, onerror=closed.append)
    files = sorted(Path(folder) / name for folder, _, names in walk for name in names)
    visible = [file for file in files if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    if not (visible or closed):
        raise LetterError(f"{path}: no file in this folder")
    for error in closed:
        yield Unreadable(str(error.filename), str(error.strerror))
    for file in visible:
        try:
            yield from _file(file, file.stat().st_size)
        except OSError as e:
            yield Unreadable(str(file), str(e.strerror))


def _file(path: Path, size: int) -> Iterator[Letter | Unreadable]:
    if size > LARGEST_FILE:
        yield Unreadable(str(path), f"larger than {LARGEST_FILE >> 20} MiB; split it")
        return
    name = path.name.removesuffix(".gz")
    try:
        raw = _gunzip(path) if path.suffix == ".gz" else path.read_bytes()
    except LetterError as e:
        yield Unreadable(str(path), str(e), path.read_bytes())
        return
    if raw.startswith(b"From ") and Path(name).suffix not in MESSAGE_SUFFIXES:
        yield from _mbox(path, raw)
    else:
        yield _letter(str(path), raw, name)


def _gunzip(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            raw = file.read(LARGEST_FILE + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as e:
        raise LetterError(f"broken gzip: {e}") from e
    if len(raw) > LARGEST_FILE:
        raise LetterError(f"unpacks to more than {LARGEST_FILE >> 20} MiB")
    return raw


def _mbox(path: Path, raw: bytes) -> Iterator[Letter | Unreadable]:
    # A copy: the mailbox module wants a file of its own, and may lock or touch the one it is given.
    with tempfile.NamedTemporaryFile(suffix=".mbox") as copy:
        copy.write(raw)
        copy.flush()
        yield from _box(mailbox.mbox(copy.name, create=False), str(path))


def _box(box: "mailbox.Mailbox[mailbox.MaildirMessage] | mailbox.mbox", source: str) -> Iterator[Letter | Unreadable]:
    try:
        for key in sorted(box.keys()):
            yield _letter(f"{source}#{key}", box.get_bytes(key), "letter.eml")
    finally:
        box.close()


def _letter(source: str, raw: bytes, name: str) -> Letter | Unreadable:
    try:
        if not raw.strip():
            raise LetterError("empty file")
        if len(raw) > LARGEST_LETTER:
            raise LetterError(f"larger than {LARGEST_LETTER >> 20} MiB")
        if Path(name).suffix in MESSAGE_SUFFIXES or HEADER.match(raw):
            return _message(source, raw)
        if HTML.match(raw.removeprefix(b"\xef\xbb\xbf")):
            return Letter(source, raw, html=html_to_unicode(None, raw)[1])
        return Letter(source, raw, text=decode(raw))
    except LetterError as e:
        return Unreadable(source, str(e), raw)


def decode(raw: bytes, charset: str | None = None) -> str:
    """Decode Korean text whose *charset* may be wrong or missing; CP949 stands for EUC-KR."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        korean = "cp949" if (charset or "").lower().replace("_", "-") in KOREAN_CHARSETS else charset
        candidates = [*filter(None, [korean]), "utf-8-sig", "cp949"]
    for candidate in candidates:
        try:
            text = raw.decode(candidate)
        except (UnicodeDecodeError, LookupError):  # the next candidate is tried
            continue
        if not CONTROL.search(text):
            return text
    raise LetterError("not a text: neither UTF-8 nor CP949")


KOREAN_CHARSETS = frozenset({"euc-kr", "ks-c-5601-1987", "ks-c-5601", "ksc5601", "cp949", "ms949", "uhc"})


def _message(source: str, raw: bytes) -> Letter:
    message = _innermost(message_from_bytes(raw, policy=policy.default))
    letter = Letter(source, raw, _header(message, "Subject"), _header(message, "From"), _header(message, "Date"))
    for part in message.walk():
        if part.get_content_disposition() == "attachment" or part.is_multipart():
            continue
        if part.get_content_type() == "text/html":
            letter.html = letter.html or _html(part)
        elif part.get_content_type() == "text/plain":
            letter.text = letter.text or _plain(part)
    if not (letter.html.strip() or letter.text.strip()):
        raise LetterError("a mail without a body")
    return letter


def _innermost(message: EmailMessage) -> EmailMessage:
    """Return the letter that was forwarded, where one was forwarded whole."""
    for _ in range(DEEPEST_FORWARD):
        inner = next((p for p in message.walk() if p.get_content_type() == "message/rfc822" and p.is_multipart()), None)
        forwarded = inner.get_payload(0) if inner else None
        if not isinstance(forwarded, EmailMessage):
            break
        message = forwarded
    return message


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _html(part: EmailMessage) -> str:
    return html_to_unicode(str(part.get("Content-Type", "")), _payload(part))[1]


def _plain(part: EmailMessage) -> str:
    payload = _payload(part)
    return decode(payload, part.get_content_charset()) if payload.strip() else ""


def _header(message: EmailMessage, name: str) -> str:
    """Return a header as text, be it encoded or raw UTF-8 or EUC-KR."""
    values = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    if not values:
        return ""
    text = decode(str(values[0]).encode("utf-8", "surrogateescape"))
    words = decode_header(text)
    return clean("".join(word if isinstance(word, str) else decode(word, charset) for word, charset in words))
