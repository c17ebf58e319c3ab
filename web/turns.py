"""One answer at a time that takes a while to find, and the others beside it.

Python computes one thing at a time. Threads that find answers in turns of a few milliseconds make all of them late, and
keep waiting what takes none: suggestions, files, and pages that are kept.
"""

from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import wraps

from anyio import Lock
from anyio.lowlevel import RunVar
from starlette.requests import Request
from starlette.responses import Response

from web.guard import too_many

Endpoint = Callable[[Request], Response]

# Most answers are found in a few hundredths of a second.
MOST_WAITING, SOME_WAITING = 200, 2
# What nobody waits for any more.
_LEFT = 499

_turn: RunVar[Lock] = RunVar("factpl-turn")
_finder = ThreadPoolExecutor(1, "factpl-finder")


async def take_turn(request: Request, find: Callable[[], Response]) -> Response:
    """Return what *find* does, which no other finds beside; who would wait too long is told so.

    Where others wait, the connection ends with the answer, so that the next question may come to a worker with less to
    do.
    """
    try:
        turn = _turn.get()
    except LookupError:
        _turn.set(turn := Lock())
    if turn.statistics().tasks_waiting >= MOST_WAITING:
        return too_many(request.scope["path"])
    async with turn:
        if await request.is_disconnected():
            return Response(status_code=_LEFT)
        answer = with_own_headers(await get_running_loop().run_in_executor(_finder, find))
        if turn.statistics().tasks_waiting >= SOME_WAITING:
            answer.raw_headers.append((b"connection", b"close"))
        return answer


def with_own_headers(kept: Response) -> Response:
    """Return an answer like the one that may be kept: who stands between adds headers of his own."""
    answer = copy(kept)
    answer.raw_headers = list(kept.raw_headers)
    return answer


def in_turn(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        return await take_turn(request, lambda: endpoint(request))

    return answered
