"""Local files → letters: plain text, HTML, .eml, mbox and Maildir, each of the first three also as .gz."""

import gzip
import mailbox
import os
import re
import stat
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import EmailMessage
from pathlib import Path

from w3lib.encoding import html_body_declared_encoding

from factpl_crawler.limits import bounded
from factpl_crawler.text import clean

LARGEST_FILE = 512 * 1024 * 1024
LARGEST_LETTER = 64 * 1024 * 1024
DEEPEST_FORWARD = 5
MESSAGE_SUFFIXES = frozenset({".eml", ".msg", ".mime"})
HTML_SUFFIXES = frozenset({".html", ".htm"})
KOREAN_CHARSETS = frozenset({"euc-kr", "ks-c-5601-1987", "ks-c-5601", "ksc5601", "cp949", "ms949", "uhc"})
NOT_TEXT = "not a text: neither UTF-8 nor CP949"
BOM = b"\xef\xbb\xbf"
HTML = re.compile(rb"\s*(?:<!doctype|<html|<head|<body|<table|<div|<meta|<img|<p[ >])", re.IGNORECASE)
HEADER = re.compile(rb"(?:[A-Za-z][A-Za-z0-9_-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
UNJOINED = re.compile(r">|-- $|\s*$")  # a quotation, the line above a signature, an empty line
# What a malformed mail makes the email package raise, and a malformed page the parsers that come after it.
BROKEN = (MessageError, LookupError, ValueError, RecursionError)


class LetterError(Exception):
    """The file or letter cannot be read; the message says why."""


@dataclass
class Letter:
    """`source` is the file, for a letter of an mbox with `#` and its place; `suffix` is that of what `raw` is."""

    source: str
    raw: bytes
    subject: str = ""
    sender: str = ""
    date: str = ""
    html: str = ""
    text: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class Unreadable:
    source: str
    reason: str
    raw: bytes = b""
    suffix: str = ""


def read_letters(path: Path) -> Iterator[Letter | Unreadable]:
    """Yield each letter in a file or folder. Raise `LetterError` when *path* itself cannot be read."""
    try:
        yield from _folder(path) if path.is_dir() else _file(path)
    except OSError as e:
        raise LetterError(f"{_name(path)}: {e.strerror or e}") from e


def _name(path: str | Path) -> str:
    """Return the path as a text that can be stored, though its bytes may be no UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _folder(path: Path) -> Iterator[Letter | Unreadable]:
    closed: list[OSError] = []
    walk = os.walk(path, onerror=closed.append)
    files = sorted(Path(folder) / name for folder, _, names in walk for name in names)
    if is_maildir := (path / "cur").is_dir() and (path / "new").is_dir():
        wanted = [file for file in files if file.parent.name in ("cur", "new") and not file.name.startswith(".")]
    else:
        wanted = [file for file in files if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    if not (wanted or closed):
        raise LetterError(f"{_name(path)}: no {'letter in this Maildir' if is_maildir else 'file in this folder'}")
    for error in closed:
        yield Unreadable(_name(error.filename), str(error.strerror))
    yield from _files(wanted, is_mail=is_maildir)


def _files(files: Iterable[Path], *, is_mail: bool) -> Iterator[Letter | Unreadable]:
    for file in files:
        try:
            yield from _file(file, is_mail=is_mail)
        except OSError as e:
            yield Unreadable(_name(file), str(e.strerror))


def _file(path: Path, *, is_mail: bool = False) -> Iterator[Letter | Unreadable]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        yield Unreadable(_name(path), "not a regular file")
        return
    if status.st_size > LARGEST_FILE:
        yield Unreadable(_name(path), f"larger than {LARGEST_FILE >> 20} MiB; split it")
        return
    is_gzip = path.suffix.lower() == ".gz"
    try:
        raw = _gunzip(path) if is_gzip else path.read_bytes()
    except LetterError as e:
        yield _unreadable(_name(path), str(e), path.read_bytes())
        return
    suffix = ".eml" if is_mail else Path(path.stem if is_gzip else path.name).suffix.lower()
    if raw.startswith(b"From ") and suffix not in MESSAGE_SUFFIXES:
        yield from _mbox(path, raw)
    else:
        yield read_letter_from(_name(path), raw, suffix)


def _unreadable(source: str, reason: str, raw: bytes) -> Unreadable:
    if len(raw) > LARGEST_LETTER:
        reason += f" (the first {LARGEST_LETTER >> 20} MiB are kept)"
    return Unreadable(source, reason, raw[:LARGEST_LETTER])


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
        box = mailbox.mbox(copy.name, create=False)
        try:
            for key in sorted(box.keys()):
                yield read_letter_from(f"{_name(path)}#{key}", box.get_bytes(key), ".eml")
        finally:
            box.close()


def read_letter_from(source: str, raw: bytes, suffix: str) -> Letter | Unreadable:
    """Read one letter; *suffix*, that of its file's name, says what it is where its content does not."""
    return replace(_letter(source, raw, suffix), suffix=suffix)


def _letter(source: str, raw: bytes, suffix: str) -> Letter | Unreadable:
    try:
        if not raw.strip():
            raise LetterError("empty file")
        if len(raw) > LARGEST_LETTER:
            raise LetterError(f"larger than {LARGEST_LETTER >> 20} MiB")
        content = raw.removeprefix(BOM)
        if suffix in MESSAGE_SUFFIXES or HEADER.match(content):
            return _message(source, raw)
        if suffix in HTML_SUFFIXES or HTML.match(content):
            return Letter(source, raw, html=_decode_part(raw, html_body_declared_encoding(raw)))
        return Letter(source, raw, text=decode(raw))
    except LetterError as e:
        return _unreadable(source, str(e), raw)
    except BROKEN as e:
        return _unreadable(source, f"broken mail: {e}", raw)


def decode(raw: bytes, charset: str | None = None) -> str:
    """Decode Korean text whose *charset* may be wrong or missing; CP949 stands for EUC-KR."""
    for text in _readings(raw, charset, "strict"):
        if not _is_binary(text):
            return text
    raise LetterError(NOT_TEXT)


def _readings(raw: bytes, charset: str | None, errors: str) -> Iterator[str]:
    """Yield *raw* in each charset that it may be in, the likeliest first."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        korean = "cp949" if (charset or "").lower().replace("_", "-") in KOREAN_CHARSETS else charset
        candidates = [*filter(None, [korean]), "utf-8-sig", "cp949"]
    for candidate in candidates:
        try:
            yield raw.decode(candidate, errors)
        except (ValueError, LookupError):  # the next candidate is tried
            continue


def _is_binary(text: str) -> bool:
    return len(UNPRINTABLE.findall(text)) > 1 + len(text) // 10


def _decode_broken(raw: bytes, charset: str | None) -> str:
    """Decode what may have broken bytes: U+FFFD stands where they stood."""
    try:
        return decode(raw, charset)
    except LetterError:
        return min(_readings(raw, charset, "replace"), key=lambda text: text.count("\ufffd"))


def _decode_part(raw: bytes, charset: str | None) -> str:
    text = _decode_broken(raw, charset)
    if _is_binary(text):
        raise LetterError(NOT_TEXT)
    return text


@bounded(LetterError)
def _message(source: str, raw: bytes) -> Letter:
    message = _innermost(message_from_bytes(raw.removeprefix(BOM), policy=policy.default))
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
    payload = _payload(part)
    return _decode_part(payload, part.get_content_charset() or html_body_declared_encoding(payload))


def _plain(part: EmailMessage) -> str:
    text = _decode_part(_payload(part), part.get_content_charset())
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    return _unflow(text, "" if str(part.get_param("delsp", "")).lower() == "yes" else " ")


def _unflow(text: str, joint: str) -> str:
    """Put lines together as RFC 3676 says: one that ends in a space goes on in the next."""
    lines = [line.removeprefix(" ") for line in text.splitlines()]
    return "".join(
        line[:-1] + joint if line.endswith(" ") and not (UNJOINED.match(line) or UNJOINED.match(after)) else line + "\n"
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    )


def _header(message: EmailMessage, name: str) -> str:
    """Return a header as text, be it encoded or raw UTF-8 or EUC-KR."""
    values = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    if not values:
        return ""
    text = _decode_broken(str(values[0]).encode("utf-8", "surrogateescape"), None)
    return clean(" ".join(_decode_words(text).splitlines()))


def _decode_words(text: str) -> str:
    try:
        words = decode_header(text)
    except HeaderParseError:  # a word that cannot be decoded: the header as it stands says more than none
        return text
    return "".join(word if isinstance(word, str) else _decode_broken(word, charset) for word, charset in words)
