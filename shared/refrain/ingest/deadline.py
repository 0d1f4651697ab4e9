"""The time by which a file must be read, so that an upload that takes too long is refused instead of cut off."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FINISHING_SECONDS = 90
"""What is left of the function's time for writing to the lake what was read."""


@dataclass(frozen=True)
class Deadline:
    """The end, by `time.monotonic`, and how many seconds there were at the start."""

    end: float = float("inf")
    seconds: float = float("inf")

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        """Leave time to finish before a function ends, which has so many seconds left."""
        seconds = max(0, seconds - FINISHING_SECONDS)
        return cls(time.monotonic() + seconds, seconds)

    def check(self) -> None:
        """Raise `UnreadableUpload` once the time is over.

        >>> Deadline().check()
        >>> Deadline.within(0).check()
        Traceback (most recent call last):
        refrain.errors.UnreadableUpload: the upload was not read to its end within 0 seconds. Upload it in several files
        """
        if time.monotonic() >= self.end:
            sentence = (
                f"the upload was not read to its end within {self.seconds:.0f} seconds. Upload it in several files"
            )
            raise UnreadableUpload("takes_too_long", sentence)

    def limit[Item](self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and raise `UnreadableUpload` once the time is over."""
        for item in items:
            self.check()
            yield item


NO_DEADLINE = Deadline()
