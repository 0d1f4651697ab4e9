"""Writes docs/benchmarks.md, with a drawing for each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.drawing import draw_bars, draw_lines, draw_waterfall, three_digits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.result import Group, Part, Row

INTRODUCTION = """# Benchmarks

Written by `make bench`; [performance.md](performance.md) explains the figures. Each figure is a median with its tenth
and ninetieth percentile, or a share with its 95 % interval. Everything in one table was measured in turn in the same
run, so that a busy moment slows all of it down.

**How to read it.** A floor (marked as such) is the least that the work can cost: it does only the part that nobody can
avoid. A peer is what people use today. The last column divides by the floor of the same run. Machines differ, so only
this ratio says anything about another machine.

`make bench-compare` compares a new run with these figures. It compares ratios to the floor, or to a peer that both runs
have. A figure without either is compared only when both runs are from the same machine since its last start; otherwise
the line ends with "another machine". `python -m benchmarks.compare OLD.json NEW.json` does the same for two files, and
fails when a figure is worse by more than 5 % and by more than both runs vary.
"""


BUSY = """## The same on a busy machine

Measured by `make bench BUSY=1`, while each processor is also busy computing something else. The table shows our figures
and their ratios to the floor of the same run.

| | quiet | × floor | busy | × floor |
|---|---:|---:|---:|---:|"""


def write_page(parts: Sequence[Part], busy: Mapping[str, Part], page: Path) -> None:
    """Write the page, and its drawings into the folder of its name; `busy` are the parts of a busy machine by name."""
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    text = [INTRODUCTION]
    for part in parts:
        text += _part(part, folder)
    if busy:
        text += [BUSY, *(line for part in parts if part.name in busy for line in _compared(part, busy[part.name])), ""]
    page.write_text("\n".join(text), encoding="utf-8")


def _part(part: Part, folder: Path) -> Iterator[str]:
    yield f"## {part.title}\n"
    yield f"{_machine(part.machine)}\n"
    for index, group in enumerate(part.groups):
        yield from _group(group)
        if len(group.rows) > 1 and all(row.median > 0 for row in group.rows):  # on a logarithmic axis
            name = f"{part.name}-{index}.svg"
            (folder / name).write_text(draw_bars(group), encoding="utf-8")
            yield f"![{group.title}]({folder.name}/{name})\n"
    for index, line in enumerate(part.lines):
        name = f"{part.name}-line-{index}.svg"
        (folder / name).write_text(draw_lines(line), encoding="utf-8")
        yield f"![{line.title}]({folder.name}/{name})\n"
        if line.why:
            yield f"{line.why}\n"
    for trace in part.traces:
        name = f"{part.name}-{trace.name}.svg"
        (folder / name).write_text(draw_waterfall(trace), encoding="utf-8")
        yield f"**{trace.title}**\n"
        yield f"![{trace.title}]({folder.name}/{name})\n"
        if trace.why:
            yield f"{trace.why}\n"
    for note in part.notes:
        yield f"{note}\n"
    for skipped in part.skipped:
        yield f"Left out: {skipped}\n"


def _compared(quiet: Part, busy: Part) -> Iterator[str]:
    """Write a line for each of our figures that has a floor in both."""
    busy_rows = {(group.title, row.name): (group, row) for group in busy.groups for row in group.rows}
    for group in quiet.groups:
        for row in group.rows:
            if row.kind == "ours" and (group.title, row.name) in busy_rows and group.ratio(row):
                name = "" if row.name == "Refrain" else f", {row.name}"
                figures = f"{_figures(group, row)} | {_figures(*busy_rows[group.title, row.name])}"
                yield f"| {quiet.title}: {group.title}{name} | {figures} |"


def _figures(group: Group, row: Row) -> str:
    return f"{three_digits(row.median)} {group.unit} | {three_digits(group.ratio(row) or 0)}"


def _group(group: Group) -> Iterator[str]:
    yield f"**{group.title}**" + (f" · goal: {group.goal}" if group.goal else "") + "\n"
    yield f"| | {group.unit} | {group.spread} | × floor |"
    yield "|---|---:|---:|---:|"
    for row in group.rows:
        ratio = group.ratio(row)
        yield f"| {_name(row)} | {three_digits(row.median)} | {_spread(row)} | {three_digits(ratio) if ratio else ''} |"
    yield ""


def _name(row: Row) -> str:
    return {"ours": f"**{row.name}**", "floor": f"{row.name} (floor)"}.get(row.kind, row.name)


def _spread(row: Row) -> str:
    return "" if row.low == row.high else f"{three_digits(row.low)} to {three_digits(row.high)}"


def _machine(machine: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    processors = f"{machine['processors']} processors of {machine['processor']} ({machine['system']})"
    busy = f"load {machine['load']} when it began"
    return f"Measured {machine['at']} on {processors}, {busy}; Python {machine['python']}, {packages}."
