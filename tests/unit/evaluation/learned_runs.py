"""Runs over uploads of shops, frozen as the snapshot freezes them, and compared without any model being fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from refrain.evaluation.entrants import Entrant
from refrain.evaluation.evaluated_model import EvaluatedModel, TabularEvaluation
from refrain.evaluation.unlearned_rows import FairComparison, prepare_comparison
from refrain.lake.learned_rows import write_row_hashes
from refrain.lake.parity_figures import Parity
from refrain.lake.receipt import KeptPart
from refrain.lake.snapshot import Snapshot, snapshot_key
from refrain.lake.version import TrainingRows
from refrain.snapshot.champion_again import plan_recipe_again
from refrain.snapshot.labelled_rows import NO_LABELS
from refrain.snapshot.snapshot_kind import SnapshotKind
from refrain.statistics.comparison import CHAMPION
from tests.stored import make_manifest, make_snapshot
from tests.unit.serving import tiny
from tests.unit.snapshot.frozen import freeze, part, sides, store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array, Definition
    from refrain.snapshot.frozen_rows import FrozenRows
    from refrain.snapshot.labelled_rows import LabelledRows
    from tests.unit.snapshot.conftest import MakeReceipt

    type Row = tuple[int, str, float]
    """The day, who, and how much: an even amount came back."""

EXACT = Parity(1, 0.0, 0)


@dataclass
class LearnedRuns:
    """A lake, the uploads so far, and runs on them; a version learned the training rows of its run.

    `sides` are the training rows and the holdout of the last comparison.
    """

    make_receipt: MakeReceipt
    lake: tiny.Lake = field(default_factory=tiny.Lake)
    uploads: list[Sequence[Row]] = field(default_factory=list)
    labelled: LabelledRows = NO_LABELS
    sides: tuple[dict[str, Array], dict[str, Array]] = ({}, {})

    def freeze(self, definition: Definition) -> FrozenRows:
        """Freeze all uploads."""
        tables = {f"u{number:02}": _table(rows) for number, rows in enumerate(self.uploads)}
        receipts = [
            self.make_receipt(
                name,
                f"11-{1 + int(name[1:]):02}",
                definition=definition.fingerprint,
                parts=[KeptPart(f"curated/shops/{name}/part-0000.parquet", table.num_rows)],
            )
            for name, table in tables.items()
        ]
        return freeze(store(**tables), SnapshotKind(definition), receipts, self.labelled)

    def learn(self, definition: Definition, run: str) -> dict[str, Array]:
        """Do a run whose version becomes the champion; return the rows that it learned."""
        rows = self.freeze(definition)
        self._keep(run, rows)
        version = f"{run}-linear"
        learned = TrainingRows("d1", len(rows) - rows.held_out, rows.held_out)
        make_manifest(definition, version, snapshot=learned).write(self.lake, "shops", version)
        return sides(rows)[0]

    def compare(
        self, definition: Definition, rows: FrozenRows, run: str, champion: str
    ) -> tuple[FairComparison, dict[str, Array]]:
        """Do the next run on frozen rows; return the comparison, and the rows that it compares on.

        Every model answers a held-out row by its place.
        """
        self.sides = sides(rows)
        self._keep(run, rows)
        plan = make_snapshot(definition, run)
        again = plan_recipe_again(self.lake, SnapshotKind(definition), champion, rows)
        snapshot = Snapshot(**{**vars(plan), "again": again})
        own_answers = np.arange(rows.held_out, dtype=float)[:, np.newaxis]
        names = {CHAMPION: champion, "linear": f"{run}-linear"}
        if again and again.candidate:
            names[again.candidate] = f"{run}-{again.candidate}"
        entrants = {name: Entrant(name, version, evaluated=answering(own_answers)) for name, version in names.items()}
        kind = TabularEvaluation(self.lake, definition, run)
        fair = prepare_comparison(self.lake, snapshot, definition, kind, entrants)
        evaluated = fair.entrants["linear"].evaluated
        assert evaluated is not None
        compared = evaluated.answers_to(fair.holdout)[:, 0].astype(int)
        return fair, {name: array[compared] for name, array in self.sides[1].items()}

    def _keep(self, run: str, rows: FrozenRows) -> None:
        for name, packed in rows.files.items():
            self.lake.upload(packed.file, snapshot_key("shops", run, f"{name}.npz"))
        write_row_hashes(self.lake, "shops", run, rows.hashes, rows.split.holdout)


def answering(answers: Any) -> EvaluatedModel:
    """Make a model that was measured, with these answers."""
    return EvaluatedModel(
        estimator="",
        classes=(),
        answers=answers,
        positive=None,
        trivial=None,
        golden=EXACT,
        parity=EXACT,
        latency_ms=1.0,
        bytes=1,
        describe=lambda _holdout: {},
        measure_importance=lambda _holdout: [],
    )


def _table(rows: Sequence[Row]) -> pa.Table:
    days, who, spent = zip(*rows, strict=True)
    return part(
        at=pa.array([day * 86_400_000_000 for day in days], pa.timestamp("us", tz="UTC")),
        who=pa.array(who, pa.string()),
        spent=pa.array(spent, pa.float64()),
        member=pa.array([True] * len(rows)),
        back=pa.array(["yes" if amount % 2 else "no" for amount in spent]),
    )
