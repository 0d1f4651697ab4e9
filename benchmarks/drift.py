"""False alarms of drift, and drift that is missed: beside Evidently, alibi-detect and NannyML, on the same rows."""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.drift_tasks import SIZES, TRAINING_ROWS, draw_tasks
from benchmarks.environments import NotInstalled
from benchmarks.peer_program import peer_program
from benchmarks.result import Group, Part, Row
from benchmarks.simulation.drift import FOUND_FROM, find_drifted
from refrain.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from benchmarks.drift_tasks import DriftTask
    from benchmarks.peer_program import Ask

    type Judge = Callable[[DriftTask], set[str]]

TITLE = "Drift, and what looks like it"
WINDOWS = 100
OURS = "Refrain"
PEERS = {"Evidently 0.7.23": "evidently", "alibi-detect 0.13.0": "alibi_detect", "NannyML 0.13.1": "nannyml"}
NOTES = (
    f"Each window has {TRAINING_ROWS:,} training rows of its own, or 60 days of 60 rows an hour if rows have a time. "
    "A window alarms if any of its features drifted. A shift is missed if its feature did not.",
    "Every tool has its defaults. Evidently calls a data set drifted if half of its columns are, so columns count. "
    "The level of alibi-detect is 5 % of windows, that of Refrain 1 %. Evidently and NannyML watch missing values "
    "apart from drift; alibi-detect gets −9 for them. NannyML takes its thresholds from chunks of training rows that "
    "are as long as the window, or from its default of ten.",
)


def measure() -> Part:
    """Judge the windows with Refrain, and with the peers that can be installed."""
    with ExitStack() as programs:
        judges: dict[str, Judge] = {OURS: judge}
        skipped = []
        for title, name in PEERS.items():
            try:
                judges[title] = ask_peer(programs.enter_context(peer_program(name, "drift")))
            except NotInstalled as error:
                skipped.append(f"{title} {error}")
        alarms = count_alarms(judges, draw_tasks(WINDOWS))
    return make_part(alarms, skipped)


def judge(task: DriftTask) -> set[str]:
    """Judge a window as monitoring does."""
    return find_drifted(task.references, [task.window[reference.name] for reference in task.references], task.span)


def ask_peer(ask: Ask) -> Judge:
    """Judge a window by a peer's program."""
    return lambda task: set(ask(task.arrays()))


def count_alarms(
    judges: Mapping[str, Judge], tasks: Iterable[tuple[str, DriftTask]]
) -> dict[str, dict[str, list[bool]]]:
    """Return by situation and judge which windows alarmed by a judged feature."""
    alarms: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for title, task in tasks:
        for name, drifted in judges.items():
            alarms[title][name].append(not drifted(task).isdisjoint(task.judged))
    return alarms


def make_part(alarms: Mapping[str, Mapping[str, Sequence[bool]]], skipped: Sequence[str]) -> Part:
    """Return the shares of all situations, and say on how many windows they rest."""
    groups = tuple(group_alarms(title, by_judge) for title, by_judge in alarms.items())
    windows = max(len(judged) for by_judge in alarms.values() for judged in by_judge.values())
    return Part("drift", TITLE, groups, (), tuple(skipped), (f"{windows} windows a line.", *NOTES))


def group_alarms(title: str, alarms: Mapping[str, Sequence[bool]]) -> Group:
    """Return the shares of windows that alarmed falsely, or that missed a shift, with their intervals."""
    misses = title.startswith("missed")
    rows = []
    for name, windows in alarms.items():
        wrong = sum(alarmed != misses for alarmed in windows) / len(windows)
        shares = (wrong, *wilson_interval(wrong, len(windows)))
        rows.append(Row(name, "ours" if name == OURS else "peer", *(100 * share for share in shares)))
    return Group(title, "%", tuple(rows), goal=_goal(title), spread="95 % interval")


def _goal(title: str) -> str:
    kind, _, situation = title.partition(": ")
    if kind == "false alarms":
        return "at most 1 %"
    shift, rows = situation.removesuffix(" rows").rsplit(", ", 1)
    return "at most 5 %" if int(rows.replace(",", "")) >= FOUND_FROM.get(shift, SIZES[1]) else ""
