"""What the method checks of a run found: whether its rows, its split and its model allow what the figures claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from refrain.lake.document import Document

Severity = Literal["warning", "hint"]

METHOD_CHECKS: dict[str, tuple[str, Severity]] = {
    "leaking_column": ("REF-101", "warning"),
    "id_like_column": ("REF-102", "warning"),
    "date_as_feature": ("REF-103", "hint"),
    "constant_column": ("REF-104", "hint"),
    "mostly_missing_column": ("REF-105", "hint"),
    "too_many_values": ("REF-106", "hint"),
    "equal_columns": ("REF-107", "hint"),
    "disguised_missing": ("REF-108", "hint"),
    "rare_class": ("REF-201", "warning"),
    "flattering_accuracy": ("REF-202", "warning"),
    "frequent_target": ("REF-203", "hint"),
    "target_drift": ("REF-204", "warning"),
    "copies": ("REF-301", "warning"),
    "entity_on_both_sides": ("REF-302", "warning"),
    "time_overlap": ("REF-303", "warning"),
    "overfit": ("REF-401", "warning"),
    "no_better_than_trivial": ("REF-402", "warning"),
    "useless_features": ("REF-403", "hint"),
    "search_at_edge": ("REF-404", "hint"),
}
"""The stable code of each check, and how much its findings matter: a warning means that a figure may be untrue."""


@dataclass(frozen=True)
class Finding(Document):
    """One fault, in one or two sentences for people: what it is, how great, and what to do.

    `columns` are those to change, if any.
    """

    code: str
    check: str
    severity: Severity
    columns: list[str]
    sentence: str

    @classmethod
    def of(cls, check: str, sentence: str, *columns: str) -> Finding:
        """Make the finding of a check, with its code and severity."""
        code, severity = METHOD_CHECKS[check]
        return cls(code, check, severity, list(columns), sentence)


@dataclass(frozen=True)
class MethodChecks(Document):
    """The findings of a run in the order of their codes, and what the definition ignores. `model` was checked."""

    findings: list[Finding]
    ignored: list[str]
    model: str | None

    @property
    def warnings(self) -> list[Finding]:
        """The findings that put figures in doubt."""
        return [item for item in self.findings if item.severity == "warning"]

    @property
    def warned(self) -> list[str]:
        """The checks that put figures in doubt, each once."""
        return list(dict.fromkeys(item.check for item in self.warnings))
