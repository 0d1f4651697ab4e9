"""The input of "Train a candidate", checked at the door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preprocessing import MODEL_NAME
from refrain.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

PATTERNS = {"model": MODEL_NAME, "run": re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}"), "candidate": MODEL_NAME}


@dataclass(frozen=True)
class TrainingRequest:
    """One candidate of one run."""

    model: str
    run: str
    candidate: str

    @property
    def version(self) -> str:
        """The name of the version to be made; the same for every try."""
        return f"{self.run}-{self.candidate}"

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> TrainingRequest:
        """Check the input. Raises `InvalidRequest` naming the field and what was expected."""
        for name, pattern in PATTERNS.items():
            value = event.get(name)
            if not isinstance(value, str) or not pattern.fullmatch(value):
                raise InvalidRequest(f"{name}: expected text matching {pattern.pattern}, got {value!r:.80}")
        unknown = sorted(str(name) for name in set(event) - PATTERNS.keys())
        if unknown:
            raise InvalidRequest(f"{', '.join(unknown)}: unknown; known are {', '.join(PATTERNS)}")
        return cls(event["model"], event["run"], event["candidate"])
