"""Who may ask, how often, and what a browser may do with the answer."""

from dataclasses import dataclass

from starlette.middleware import Middleware


@dataclass(frozen=True)
class Protection:
    """Without a password whoever reaches the page may read; `hosts` are the names that it is asked by."""

    password_hash: str = ""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")


LOOPBACK_ONLY = Protection()


def middleware(protection: Protection) -> list[Middleware]:
    return []
