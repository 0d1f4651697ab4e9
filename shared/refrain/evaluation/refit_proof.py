"""Prove the refitted model: its export on all rows, its golden rows, its size, and how far it lies from its twin.

It learned the holdout, so no figure says how good it is. Its judged twin says that of the recipe; here it is shown that
the refitted version is the same recipe, with more rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import RecommenderDefinition, present
from refrain.classes import aligned, class_labels, class_numbers
from refrain.errors import BrokenVersion, InvalidRequest, NotFound
from refrain.evaluation.entrants import measure_version
from refrain.evaluation.evaluate import read_cause
from refrain.evaluation.evaluated_model import TIMED_ROWS, score
from refrain.evaluation.loading_process import OutOfMemory
from refrain.evaluation.memory_room import MemoryRoom
from refrain.evaluation.refit_verdict import judge_refit
from refrain.events import TEXT, read_fields
from refrain.lake.evaluation import Evaluation, Figures
from refrain.lake.packed_columns import fit_to, select_rows
from refrain.lake.parity_figures import AnswerSpread, Parity
from refrain.lake.refit_outcome import RefitFigures
from refrain.lake.snapshot import Snapshot, read_candidate_answers, read_refit_answers, read_snapshot_rows
from refrain.lake.version import Manifest, read_version_files, version_name
from refrain.model.parity import parity
from refrain.model.tabular import TabularModel
from refrain.statistics.answer_distance import mean_distance, squared_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from preprocessing import Definition
    from refrain.arrays import Floats, Truth
    from refrain.aws.storage import Store
    from refrain.lake.packed_columns import PackedColumns
    from refrain.lake.refit_outcome import RefitOutcome
    from refrain.lake.version import VersionFiles


@dataclass(frozen=True)
class ProofRequest:
    """The state's input, checked; `error` says why the recipe could not be fitted."""

    model: str
    run: str
    error: str | None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> ProofRequest:
        """Check the input. Raises `InvalidRequest` naming the field."""
        fitted = event.get("fitted")
        error = None if isinstance(fitted, dict) and "version" in fitted else read_cause(fitted or "no answer")
        return cls(**read_fields(event, {"model": TEXT, "run": TEXT}), error=error)


def prove_refit(store: Store, request: ProofRequest, inference_bytes: int) -> dict[str, object]:
    """Prove the refitted version of a run, and write the outcome into the run's evaluation; return it in short."""
    evaluation = Evaluation.read(store, request.model, request.run)
    if evaluation.refit is None or evaluation.refit.version is None:
        raise InvalidRequest(f"run: {request.run} fits nothing again")
    outcome = _prove(store, evaluation, evaluation.refit, request.error, inference_bytes)
    replace(evaluation, refit=outcome).write(store, request.model, request.run)
    shown = {name: getattr(outcome, name) for name in ("purpose", "version", "code", "reason")}
    return {"proved": outcome.code == "proved", **shown}


def _prove(
    store: Store, evaluation: Evaluation, refit: RefitOutcome, error: str | None, inference_bytes: int
) -> RefitOutcome:
    name, version = str(refit.candidate), str(refit.version)
    if error is not None:
        return replace(refit, code="not_fitted", reason=f"{name} could not be fitted on all rows: {error}")
    definition = Snapshot.read(store, evaluation.model, evaluation.run).parse_definition()
    try:
        files = read_version_files(store, evaluation.model, version)
        footprint = files.footprint or measure_version(store, files)
        figures = _measure(store, definition, evaluation.run, files)
    except OutOfMemory as broken:
        return replace(refit, code="too_large", reason=f"{broken}", footprint=broken.footprint)
    except (BrokenVersion, NotFound) as broken:
        return replace(refit, code="broken", reason=f"{name}, fitted again on all rows, cannot be used: {broken}")
    champion = evaluation.champion.figures if evaluation.champion else None
    room = MemoryRoom.of(definition.gate, inference_bytes, champion)
    too_large = room.refusal(Figures(name, version, footprint=footprint), files.manifest.estimator)
    code, reason = judge_refit(definition.gate, name, figures, too_large)
    return replace(refit, code=code, reason=reason, figures=figures, footprint=footprint)


def _measure(store: Store, definition: Definition, run: str, files: VersionFiles) -> RefitFigures:
    if isinstance(definition, RecommenderDefinition):
        from refrain.evaluation.recommendation import measure_recommender_refit  # other models have no use for it

        return measure_recommender_refit(store, definition, run, files)
    return measure_refit(store, definition, run, files)


def measure_refit(store: Store, definition: Definition, run: str, files: VersionFiles) -> RefitFigures:
    """Hold a refitted version against its own pipeline, on all rows, and against its judged twin."""
    model, candidate = definition.model, files.manifest.candidate
    training, holdout = (read_snapshot_rows(store, model, run, part) for part in ("train", "holdout"))
    back = read_candidate_answers(store, model, run, f"{candidate}.refit")
    usual = mean_distance(
        _ask_twin(store, model, version_name(run, candidate), training, back["rows"]), back["answers"]
    )
    classes = files.manifest.classes or ()
    expected = read_refit_answers(store, model, run, candidate, len(classes) or 1)
    loaded = TabularModel.load(files.manifest, files.model, files.baseline)
    truth = _truth(definition, holdout, classes)
    answers = expected[len(expected) - len(truth) :]
    twin = Manifest.read(store, model, version_name(run, candidate))
    judged = aligned(read_candidate_answers(store, model, run, candidate)["answers"], twin.classes or (), classes)
    return RefitFigures(
        parity=_parity_of_blocks(definition, expected, _answer_blocks(loaded, training, holdout)),
        golden=loaded.replay(files.golden),
        latency_ms=loaded.latency_ms(_instances(loaded, holdout)),
        distance=mean_distance(answers, judged),
        usual_distance=usual,
        loss=squared_error(answers, truth),
        judged_loss=squared_error(judged, truth),
        rounding=loaded.measure_rounding(answers, np.concatenate(list(_answer_blocks(loaded, holdout)))),
    )


def _ask_twin(store: Store, model: str, version: str, training: PackedColumns, rows: Truth) -> Floats:
    """Answer some rows of training, in their order, by the judged twin."""
    files = read_version_files(store, model, version)
    twin = TabularModel.load(files.manifest, files.model)
    return score(twin, twin.encode(fit_to(twin.definition, select_rows(training, rows))))


def _answer_blocks(model: TabularModel, *parts: PackedColumns) -> Iterator[Floats]:
    """Answer all rows, block by block."""
    for block in chain.from_iterable(part.in_blocks() for part in parts):
        yield score(model, model.encode(fit_to(model.definition, block)))


def _parity_of_blocks(definition: Definition, expected: Floats, blocks: Iterable[Floats]) -> Parity:
    """Compare answers that come in blocks with those of the pipeline, in bounded memory."""
    spread, rows, parities = AnswerSpread.of(expected), 0, []
    for block in blocks:
        parities.append(parity(definition.task, expected[rows : rows + len(block)], block, spread))
        rows += len(block)
    return Parity(
        rows=rows,
        max_difference=max(part.max_difference for part in parities),
        differing=sum(part.differing for part in parities) + abs(len(expected) - rows),
    )


def _truth(definition: Definition, holdout: PackedColumns, classes: tuple[str, ...]) -> Truth:
    target = holdout[definition.target]
    if not classes:
        return target.astype(np.float64)
    return class_numbers(class_labels(definition.columns[definition.target], target), classes)


def _instances(model: TabularModel, holdout: PackedColumns) -> list[dict[str, Any]]:
    """Take rows as callers send them, to time the answers."""
    columns = fit_to(model.definition, next(holdout.in_blocks()))
    count = min(TIMED_ROWS, len(next(iter(columns.values()))))
    return [present(columns, model.definition.columns, row) for row in range(count)]
