"""Asks the API, and turns its problem documents into the sentences of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.exit_codes import CommandError, RefusedCommand

if TYPE_CHECKING:
    from local.stack_client import StackClient

MAX_LISTED_PROBLEMS = 5


def ask_api(client: StackClient, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the answer of the API. Raises `RefusedCommand` for 4xx, `CommandError` for 5xx."""
    status, answer = client.ask(path, body)
    if status < 400:
        return answer
    kind = RefusedCommand if status < 500 else CommandError
    raise kind(problem_sentence(status, answer))


def problem_sentence(status: int, problem: dict[str, Any]) -> str:
    """Write a problem document in one sentence, with its first problems."""
    sentence = str(problem.get("detail") or problem.get("message") or problem.get("title") or f"status {status}")
    problems = problem.get("problems") or []
    details = [
        f"{item.get('column') or item.get('field') or 'row'} of {item.get('instance', item.get('index', 0))}: "
        f"{item['reason']}, got {item.get('value')!r}"
        for item in problems[:MAX_LISTED_PROBLEMS]
    ]
    if len(problems) > MAX_LISTED_PROBLEMS:
        details.append(f"and {len(problems) - MAX_LISTED_PROBLEMS} more")
    return f"{sentence} ({'; '.join(details)})" if details else sentence
