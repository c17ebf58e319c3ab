"""Answers that are kept, so that what many ask for is found once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Kept:
    """The answers used last, as many as weigh no more than *most* together.

    Who asks for one that is being found waits for it. What went wrong is told to all who waited, and not kept.
    """

    def __init__(self, most: int, weigh: Callable[[Hashable, Any], int]) -> None:
        self._most, self._weigh = most, weigh
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._weights: dict[Hashable, int] = {}
        self.weight = 0
        self._lock = Lock()

    def get(self, key: Hashable, find: Callable[[], Answer]) -> Answer:
        with self._lock:
            known = self._answers.get(key)
            answer: Future[Any] = known or self._answers.setdefault(key, Future())
            self._answers.move_to_end(key)
        if known is None:
            self._find(key, answer, find)
        found: Answer = answer.result()
        return found

    def known(self, key: Hashable) -> Any:
        """Return the answer if it has been found, or nothing; without waiting."""
        with self._lock:
            answer = self._answers.get(key) if key in self._weights else None
            if answer:
                self._answers.move_to_end(key)
        return answer.result() if answer else None

    def _find(self, key: Hashable, answer: "Future[Any]", find: Callable[[], Any]) -> None:
        try:
            found = find()
        except BaseException as e:
            with self._lock:
                self._answers.pop(key, None)
            answer.set_exception(e)
            raise
        answer.set_result(found)
        with self._lock:
            self._weights[key] = self._weigh(key, found)
            self.weight += self._weights[key]
            while self.weight > self._most:
                # What is still being found has no weight yet, and is waited for.
                oldest = next(key for key in self._answers if key in self._weights)
                del self._answers[oldest]
                self.weight -= self._weights.pop(oldest)
