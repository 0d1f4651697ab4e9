"""The one limit on the running calls of all functions of an account and region."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from local.errors import TooManyCalls

NEW_ACCOUNT = 10
"""The limit of a new account."""

RETRY_SECONDS = 0.5
"""Seconds until a refused call is made again for a queue; Lambda waits up to minutes."""


class Concurrency:
    """Counts the running calls, and refuses those above the limit as Lambda does."""

    def __init__(self, limit: int = NEW_ACCOUNT) -> None:
        self._room = threading.BoundedSemaphore(limit)

    @contextmanager
    def count_call(self) -> Iterator[None]:
        """Count a call while it runs. Calls that wait for a process of this machine count too: on AWS they would run.

        Raises:
            TooManyCalls: as many calls run as the account may have.
        """
        if not self._room.acquire(blocking=False):
            raise TooManyCalls
        try:
            yield
        finally:
            self._room.release()
