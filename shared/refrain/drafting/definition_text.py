"""Writes a draft as a file of TOML, with the reason of each choice beside it."""

from __future__ import annotations

import json
import re
from textwrap import fill
from typing import TYPE_CHECKING, Any

from refrain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from refrain.drafting.table_draft import TableDraft

MAX_WIDTH = 120
MAX_PADDING = 60
"""Reasons of columns begin in one line, but no further to the right than this."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HEAD = """\
# Drafted by `refrain init` from {file} ({rows}).
# Read the reasons, and change what you know better. A column behind a # is not kept; without the # it is.
# What it would do with the file: refrain check {model}.toml {file}"""


def definition_text(draft: TableDraft, file: str, rows: int, unusable: Mapping[str, str]) -> str:
    """Write the file; `unusable` are columns that no definition can name, with the reason."""
    document, reasons = draft.document, draft.reasons
    head = _HEAD.format(file=comment_of(file), rows=counted(rows, "row"), model=draft.model)
    tops: dict[str, object] = {name: document[name] for name in ("task", "target", "key", "time") if name in document}
    training = {name: value for name, value in draft.training.items() if name != "candidates"}
    parts = [
        [head],
        _section("", tops, reasons),
        _section("source", document["source"], reasons) if "source" in document else [],
        ["[columns]", *_columns(draft), *_unusable(unusable)],
        _section("derived", document["derived"], reasons) if "derived" in document else [],
        _section("training", training, reasons),
        *(_section("[training.candidates]", candidate, {}) for candidate in draft.training["candidates"]),
        [*_section("gate", draft.gate, reasons), _GATE],
        _section("retraining", document["retraining"], _RETRAINING),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


_RETRAINING = {"retraining.every": "a run is due if rows are new", "retraining.on_drift": "and when the data has moved"}
_GATE = "# Name what is good enough (min_metric, or max_metric where smaller is better) once a run shows what is."


def _section(title: str, values: Mapping[str, object], reasons: Mapping[str, str]) -> list[str]:
    """Write keys one below the other; `title` is empty for those of the model."""
    width = max(len(toml_key(name)) for name in values)
    lines = [f"[{title}]"] if title else []
    for name, value in values.items():
        line = f"{toml_key(name):<{width}} = {toml_value(value)}"
        if len(line) > MAX_WIDTH and isinstance(value, list):
            items = fill(", ".join(map(toml_value, value)), MAX_WIDTH, initial_indent="  ", subsequent_indent="  ")
            line = f"{toml_key(name):<{width}} = [\n{items},\n]"
        lines.append(_commented(line, reasons.get(f"{title}.{name}".lstrip("."), "")))
    return lines


def _commented(line: str, reason: str, padding: int = 0) -> str:
    return f"{line:<{padding}}  # {comment_of(reason)}" if reason else line


def _columns(draft: TableDraft) -> Iterator[str]:
    names = {guess.name: toml_key(guess.name) for guess in draft.columns}
    kept = [names[guess.name] for guess in draft.columns if not guess.left_out]
    width = min(max(map(len, kept)), 40)
    lines = {guess.name: f"{names[guess.name]:<{width}} = {toml_value(guess.settings)}" for guess in draft.columns}
    padding = min(MAX_PADDING, max(len(lines[guess.name]) for guess in draft.columns if not guess.left_out))
    for guess in draft.columns:
        if guess.left_out:
            yield _commented(f"# {lines[guess.name]}", f"not kept: {guess.left_out}")
        else:
            yield _commented(lines[guess.name], guess.reason, padding)


def _unusable(unusable: Mapping[str, str]) -> Iterator[str]:
    for name, reason in unusable.items():
        yield f"# {comment_of(name) or '(a column without a name)'} is not kept: {comment_of(reason)}"


def toml_key(name: str) -> str:
    """Write a name, quoted where it has to be.

    >>> toml_key("age"), toml_key("Monthly fee")
    ('age', '"Monthly fee"')
    """
    return name if _BARE.fullmatch(name) else toml_text(name)


def toml_text(text: str) -> str:
    """Write a text in quotes."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def toml_value(value: Any) -> str:
    """Write a value of JSON in one line.

    >>> toml_value({"type": "number", "missing": [999, "?"], "required": True})
    '{ type = "number", missing = [999, "?"], required = true }'
    """
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{toml_key(name)} = {toml_value(item)}' for name, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return toml_text(value) if isinstance(value, str) else repr(value)


def comment_of(text: str) -> str:
    """Write a text that stands in a comment: on one line, and not too long."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:MAX_WIDTH]
