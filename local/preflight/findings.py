"""What a check finds, and what all checks work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

type Verdict = Literal["ok", "warning", "stops", "unknown"]
"""`stops`: the deployment would fail. `unknown`: the check itself could not be made."""


@dataclass(frozen=True)
class Finding:
    """One line of the table; `cure` says what to do."""

    check: str
    verdict: Verdict
    sentence: str
    cure: str = ""


@dataclass(frozen=True)
class Plan:
    """The stack to deploy: its name, its region, and every parameter of the template with its value."""

    stack: str
    region: str
    parameters: Mapping[str, str]


@dataclass
class Account:
    """The account and region of the shell; each client is made once."""

    make_client: Callable[[str], Any]
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return the client of a service."""
        if service not in self._clients:
            self._clients[service] = self.make_client(service)
        return self._clients[service]


type Check = Callable[[Account, Plan], Iterator[Finding]]
"""Yields findings; one `ok` where there is nothing to say."""
