"""The results of a benchmark: groups of figures with one unit, beside floors and peers of the same run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

type Kind = Literal["floor", "ours", "peer"]


@dataclass(frozen=True)
class Row:
    """One contender: median, tenth and ninetieth percentile of its figures (equal when measured once)."""

    name: str
    kind: Kind
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """Contenders that were measured together. `floor` names the one to which ratios are taken (empty: none).

    `goal` is what the project promises; `more_is_better` is for rates. `spread` says what low and high are.
    """

    title: str
    unit: str
    rows: tuple[Row, ...]
    floor: str = ""
    goal: str = ""
    more_is_better: bool = False
    spread: str = "tenth to ninetieth percentile"

    def ratio(self, row: Row) -> float | None:
        """Return a row's median in units of the floor's."""
        floor = next((other.median for other in self.rows if other.name == self.floor), None)
        return row.median / floor if floor else None


@dataclass(frozen=True)
class Line:
    """Medians over a growing quantity `x`, one line for each contender.

    With `course` x is time on a linear axis, and `marks` are events at times. With `plain` y is linear from zero. Other
    axes are logarithmic.
    """

    title: str
    x_title: str
    y_title: str
    x: tuple[float, ...]
    lines: dict[str, tuple[float, ...]]
    why: str = ""
    course: bool = False
    plain: bool = False
    marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Span:
    """A step with its start and end, in the unit of its trace; `depth` counts the spans around it.

    `kind` is "step", "import", "garbage" (a collection), or "around" for one that holds others.
    """

    name: str
    start: float
    end: float
    depth: int = 0
    kind: str = "step"


@dataclass(frozen=True)
class Trace:
    """One real run as spans in the order of their starts; `name` is the name of its drawing's file."""

    name: str
    title: str
    unit: str
    spans: tuple[Span, ...]
    why: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the benchmark. `skipped` says which peers were left out and why; `machine` is where it ran."""

    name: str
    title: str
    groups: tuple[Group, ...]
    lines: tuple[Line, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    machine: dict[str, Any] = field(default_factory=dict)
    traces: tuple[Trace, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Read a document."""
        groups = tuple(
            Group(**{**group, "rows": tuple(Row(**row) for row in group["rows"])}) for group in document["groups"]
        )
        lines = tuple(
            Line(
                **{
                    **line,
                    "x": tuple(line["x"]),
                    "lines": {name: tuple(ys) for name, ys in line["lines"].items()},
                    "marks": tuple((at, name) for at, name in line.get("marks", ())),
                }
            )
            for line in document["lines"]
        )
        traces = tuple(
            Trace(**{**trace, "spans": tuple(Span(**span) for span in trace["spans"])})
            for trace in document.get("traces", ())
        )
        texts = {name: tuple(document[name]) for name in ("skipped", "notes")}
        return cls(**{**document, "groups": groups, "lines": lines, "traces": traces, **texts})
