"""Reads our figures from the results of a run, each with the floors and peers to compare it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.result import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.result import Group, Row

COUNTS = ("", "%")
"""Units of figures that do not depend on the speed of the machine; so are those that begin with ×."""


@dataclass(frozen=True)
class Figure:
    """One of our figures with its tenth and ninetieth percentile; greater is worse.

    `references` are the medians of the floors and peers of the same run, by name, the best one to compare with first.
    `machine` is the id of the machine where it was measured; it is empty where that is not known.
    """

    median: float
    low: float
    high: float
    references: Mapping[str, float] = field(default_factory=dict)
    machine: str = ""
    is_relative: bool = False

    def in_units_of(self, reference: float) -> tuple[float, float, float]:
        """Return median, low and high in units of a reference."""
        return self.median / reference, self.low / reference, self.high / reference


def read_figures(document: Mapping[str, Any], machine: str = "") -> dict[str, Figure]:
    """Take our figures from a document, by part, group and name; `machine` overrides what the document says."""
    return {name: figure for part in map(Part.of, document["parts"]) for name, figure in _figures(part, machine)}


def _figures(part: Part, machine: str) -> Iterator[tuple[str, Figure]]:
    machine = machine or str(part.machine.get("id", ""))
    for group in part.groups:
        references = _references(group)
        for row in (row for row in group.rows if row.kind == "ours"):
            yield f"{part.name}: {group.title}: {row.name}", _figure(group, row, references, machine)
    kinds = {row.name: row.kind for group in part.groups for row in group.rows}
    floors = {group.floor for group in part.groups}
    for line in (line for line in part.lines if not line.course):
        for name, ys in line.lines.items():
            if kinds.get(name, "ours") != "ours":
                continue
            for index, (x, y) in enumerate(zip(line.x, ys, strict=True)):
                beside = {floor: line.lines[floor][index] for floor in line.lines if floor in floors}
                yield f"{part.name}: {line.title}: {name}, {x:g}", Figure(y, y, y, beside, machine)


def _references(group: Group) -> dict[str, float]:
    """The floor that the group names, then the others; only peers where it names none."""
    rows = [row for row in group.rows if row.kind == "peer" or (row.kind == "floor" and group.floor)]
    rows.sort(key=lambda row: row.name != group.floor)
    return {row.name: row.median for row in rows if row.median > 0}


def _figure(group: Group, row: Row, references: Mapping[str, float], machine: str) -> Figure:
    is_relative = group.unit in COUNTS or group.unit.startswith("×")
    if not group.more_is_better:
        return Figure(row.median, row.low, row.high, references, machine, is_relative)
    inverted = {name: 1 / median for name, median in references.items()}
    return Figure(1 / row.median, 1 / row.high, 1 / row.low, inverted, machine, is_relative)
