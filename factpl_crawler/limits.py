"""How much of the machine may be spent on reading one page or letter, whoever wrote it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from factpl_crawler import trial
from factpl_crawler.trial import measure

SECONDS = 6.0  # of processor; an ordinary page takes a twentieth of one
MOST_ELEMENTS = 200_000
UNTRIED = 128 * 1024  # bytes of HTML that no parser needs long for


class TooMuchError(Exception):
    """Reading it would take more than it may; the message says of what."""


@contextmanager
def bounded(error: type[Exception], seconds: float = SECONDS) -> Iterator[None]:
    """Raise *error* in the midst of what takes longer. Not to be nested: a process has one such clock.

    It rings in Python, regular expressions included. What a library does in C, it does to its end; see `check_html`.
    """
    if threading.current_thread() is not threading.main_thread():  # no signal reaches another
        yield
        return
    rung = False

    def ring(_number: int, _frame: FrameType | None) -> None:
        nonlocal rung
        rung = True
        raise error(f"reading it takes more than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, ring)
    # Again and again: a library may take the first for a fault of its own, and go on.
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.25)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        if rung and not isinstance(sys.exception(), error):
            raise error(f"reading it takes more than {seconds:g} s")


def check_html(text: str) -> None:
    """Raise `TooMuchError` where parsing *text* would take too long or too much memory, or lose the end of it.

    libxml2 takes the square of a tag's attributes of time, and cannot be interrupted: what is large enough for
    that to matter is tried in another process, which can be ended.
    """
    content = _for_the_parser(text)
    elements, cut = measure(content) if len(content) <= UNTRIED else _try(content)
    if cut:
        raise TooMuchError("its elements are nested too deeply to be read whole")
    if elements > MOST_ELEMENTS:
        raise TooMuchError(f"more than {MOST_ELEMENTS:,} elements")


def is_deep(text: str) -> bool:
    """Tell whether a parser that is less patient than ours leaves off before the end of a checked *text*."""
    return measure(_for_the_parser(text), huge=False)[1]


def _for_the_parser(text: str) -> bytes:
    return text.strip().replace("\x00", "").encode("utf-8", "replace")


def _try(content: bytes) -> tuple[int, bool]:
    command = [sys.executable, "-I", str(Path(trial.__file__))]
    try:
        run = subprocess.run(command, input=content, capture_output=True, timeout=60, check=True)  # noqa: S603 - our own program
        elements, cut = map(int, run.stdout.split())
    except (subprocess.SubprocessError, ValueError) as e:
        limits = f"{trial.SECONDS} s or {trial.BYTES >> 30} GiB"
        raise TooMuchError(f"parsing it takes more than {limits}") from e
    return elements, bool(cut)
