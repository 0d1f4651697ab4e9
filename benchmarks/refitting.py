"""What the refit is worth: real tables in the order of time, learned and served as a run does it, twelve times each.

At each step the rows so far are a run's snapshot. The judged version learned its oldest four fifths, the refitted one
all of it. Both answer the rows up to the next step, by the graph that would serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.ordered_tables import TABLES
from benchmarks.result import Group, Line, Part, Row
from refrain.classes import class_labels, class_numbers
from refrain.evaluation.refit_proof import measure_refit
from refrain.evaluation.refit_verdict import judge_refit
from refrain.lake.packed_columns import PackedFile
from refrain.lake.snapshot import SnapshotPart, write_snapshot_rows
from refrain.lake.version import read_version_files, version_name
from refrain.model.tabular import TabularModel
from refrain.statistics.metrics import METRICS
from refrain.training.train import TrainingRequest, train
from tests.stored import make_snapshot
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from benchmarks.ordered_tables import OrderedTable
    from preprocessing import Columns, Definition
    from refrain.arrays import Floats
    from refrain.aws.storage import Store

TITLE = "What the refit is worth"
STEPS = 12
CANDIDATE = "boosting"
JUDGED, SERVED = "judged: learned the oldest 80 %", "served: fitted again on all rows"
NOTES = (
    "Histogram boosting of 40 iterations, through training, refit and proof. Thirteen equally spaced cuts, from a "
    "quarter of the rows to all, give twelve steps; the figures are of all answers together.",
)


@dataclass(frozen=True)
class Step:
    """The answers of the judged and of the refitted version to the rows up to the next cut; and what proofs said."""

    rows: int
    columns: Columns
    judged: Floats
    refitted: Floats
    code: str

    @property
    def answers(self) -> dict[str, Floats]:
        """The answers by version; `SERVED` are those of the version that goes into service."""
        return {JUDGED: self.judged, SERVED: self.refitted if self.code == "proved" else self.judged}


def measure() -> Part:
    """Measure all tables that are there."""
    groups: list[Group] = []
    lines, notes = [], list(NOTES)
    for table in TABLES:
        if not table.absence:
            steps = walk(table.definition, table.read())
            groups += [_whole(table, steps, metric) for metric in table.metrics]
            lines.append(_course(table, steps))
            kept = sum(step.code != "proved" for step in steps)
            notes.append(f"{table.name}: the proofs kept the judged version in {kept} of {len(steps)} steps.")
    skipped = tuple(table.absence for table in TABLES if table.absence)
    return Part("refitting", TITLE, tuple(groups), tuple(lines), skipped, tuple(notes))


def walk(definition: Definition, columns: Columns, steps: int = STEPS) -> list[Step]:
    """Learn, refit, and answer the rows that come next, step by step."""
    rows = len(columns[definition.target])
    cuts = np.linspace(rows / 4, rows, steps + 1).astype(int).tolist()
    with threadpool_limits(1):  # the product's functions have one processor
        return [_step(definition, columns, *pair) for pair in pairwise(cuts)]


def _step(definition: Definition, columns: Columns, cut: int, end: int) -> Step:
    lake, run, model = Lake(), "20261130T120000-abcdef", definition.model
    start = cut - round(cut * definition.training.holdout)
    parts: dict[SnapshotPart, slice] = {"train": slice(start), "holdout": slice(start, cut)}
    for part, rows in parts.items():
        packed = PackedFile()
        packed.add({name: column[rows] for name, column in columns.items()})
        write_snapshot_rows(lake, model, run, part, packed)
    make_snapshot(definition, run, train_rows=start, holdout_rows=cut - start).write(lake, model, run)
    for all_rows in (False, True):
        train(lake, TrainingRequest(model, run, CANDIDATE, all_rows))
    refitted = read_version_files(lake, model, version_name(run, CANDIDATE, refitted=True))
    code, _ = judge_refit(definition.gate, CANDIDATE, measure_refit(lake, definition, run, refitted), None)
    following = {name: column[cut:end] for name, column in columns.items()}
    judged = _answer(lake, model, version_name(run, CANDIDATE), following)
    return Step(cut, following, judged, _answer(lake, model, refitted.manifest.version, following), code)


def _answer(lake: Store, model: str, version: str, columns: Columns) -> Floats:
    files = read_version_files(lake, model, version)
    return TabularModel.load(files.manifest, files.model).predict_columns(columns).astype(np.float64)


def _whole(table: OrderedTable, steps: list[Step], metric: str) -> Group:
    values = {name: figure(table.definition, steps, name, metric) for name in (JUDGED, SERVED)}
    rows = tuple(Row(name, "floor" if name == JUDGED else "ours", *[value] * 3) for name, value in values.items())
    title, more = METRICS[metric].title, METRICS[metric].greater_is_better
    goal = f"{'above' if more else 'below'} the judged version's"
    return Group(f"{table.name}: {title} on the rows that come next", title, rows, JUDGED, goal, more)


def _course(table: OrderedTable, steps: list[Step]) -> Line:
    definition, metric = table.definition, table.metrics[0]
    courses = {name: tuple(figure(definition, [step], name, metric) for step in steps) for name in (JUDGED, SERVED)}
    rows = tuple(float(step.rows) for step in steps)
    title = f"{table.name}, step by step"
    return Line(title, "rows so far", METRICS[metric].title, rows, courses, course=True, plain=True)


def figure(definition: Definition, steps: list[Step], name: str, metric: str) -> float:
    """Measure the answers of one kind of version to all rows of these steps."""
    truth = np.concatenate([step.columns[definition.target] for step in steps])
    if definition.task == "classification":
        labels = class_labels(definition.columns[definition.target], truth)
        truth = class_numbers(labels, sorted(set(labels.tolist())))
    return METRICS[metric].value(truth, np.concatenate([step.answers[name] for step in steps]))
