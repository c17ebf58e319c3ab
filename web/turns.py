"""One answer at a time that takes a while to find, and the others beside it.

Python computes one thing at a time. Threads that find answers in turns of a few milliseconds make all of them late, and
keep waiting what takes none: suggestions, files, and pages that are kept.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Response]
Answer = TypeVar("Answer")

_turn: RunVar[CapacityLimiter] = RunVar("factpl-turn")


async def take_turn(find: Callable[[], Answer]) -> Answer:
    """Return what *find* does, which no other finds beside."""
    try:
        limiter = _turn.get()
    except LookupError:
        _turn.set(limiter := CapacityLimiter(1))
    return await to_thread.run_sync(find, limiter=limiter)


def in_turn(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        return await take_turn(lambda: endpoint(request))

    return answered
