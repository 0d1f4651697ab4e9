"""What a benchmark found: groups of figures of one unit, each beside its floor and its peers of the same run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

type Kind = Literal["floor", "ours", "peer"]


@dataclass(frozen=True)
class Row:
    """One contender: the median of its figures, tenth and ninetieth percentile (the same where counted once)."""

    name: str
    kind: Kind
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """Contenders that were measured together. Ratios are to `floor`, the name of one of them (empty: none).

    `goal` says what the project promises; `more_is_better` is for rates.
    """

    title: str
    unit: str
    rows: tuple[Row, ...]
    floor: str = ""
    goal: str = ""
    more_is_better: bool = False

    def ratio(self, row: Row) -> float | None:
        """A row's median in units of the floor's."""
        floor = next((each.median for each in self.rows if each.name == self.floor), None)
        return row.median / floor if floor else None


@dataclass(frozen=True)
class Line:
    """Medians over something that grows, one line a contender; `x` is what grows.

    `course` says that x is time, which is drawn as it goes; `marks` are moments of it with what happened then. `plain`
    draws y from nothing; both axes are logarithmic otherwise.
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
    """Something that began and ended, in the unit of its trace; `depth` others were under way around it.

    `kind` says what it is: "step", "import", "garbage" (looked for), or "around" others.
    """

    name: str
    start: float
    end: float
    depth: int = 0
    kind: str = "step"


@dataclass(frozen=True)
class Trace:
    """One run that really was, by its spans in the order in which they began; `name` is that of its drawing's file."""

    name: str
    title: str
    unit: str
    spans: tuple[Span, ...]
    why: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the benchmark. `skipped` says which peers were left out, and why; `machine` is where it ran."""

    name: str
    title: str
    groups: tuple[Group, ...]
    lines: tuple[Line, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    machine: dict[str, Any] = field(default_factory=dict)
    traces: tuple[Trace, ...] = ()

    def document(self) -> dict[str, Any]:
        """Write it as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Read what `document` wrote."""
        groups = tuple(
            Group(**{**group, "rows": tuple(Row(**row) for row in group["rows"])}) for group in document["groups"]
        )
        lines = tuple(
            Line(
                **{
                    **line,
                    "x": tuple(line["x"]),
                    "lines": {name: tuple(ys) for name, ys in line["lines"].items()},
                    "marks": tuple((at, what) for at, what in line.get("marks", ())),
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
