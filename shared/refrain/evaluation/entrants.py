"""Who competes in a run: the champion and every candidate, measured and compared on the same holdout rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from refrain.errors import BrokenVersion, NotFound
from refrain.evaluation.loading_process import OutOfMemory, measure_loading
from refrain.lake.deployment import Deployment
from refrain.lake.evaluation import Figures, ModelSummary
from refrain.lake.snapshot import read_candidate_answers
from refrain.lake.stakes import Stakes
from refrain.lake.version import IMPORTED, read_version_files
from refrain.statistics.comparison import CHAMPION, ComparedRows, ComparisonRules, compare_models
from refrain.statistics.metrics import choose_metric, choose_metrics, measure_metrics

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.aws.storage import Store
    from refrain.evaluation.evaluate import EvaluationRequest
    from refrain.evaluation.evaluated_model import EvaluatedModel, EvaluationKind, Holdout
    from refrain.lake.footprint import Footprint
    from refrain.lake.version import Manifest, VersionFiles

MEASURED_FIGURES = ("latency_ms", "bytes", "parity", "golden", "rounding")


@dataclass(frozen=True)
class Entrant:
    """A version as it was measured, or the sentence why it could not be trained or measured.

    A version that learned the holdout of its run, too, is measured by its `judged` twin; `served` is it itself. The
    `manifest` is that of the champion in service, or of an imported version.
    """

    name: str
    version: str
    error: str | None = None
    footprint: Footprint | None = None
    evaluated: EvaluatedModel | None = None
    judged: str | None = None
    served: EvaluatedModel | None = None
    manifest: Manifest | None = None


def gather_entrants(store: Store, request: EvaluationRequest, kind: EvaluationKind) -> dict[str, Entrant]:
    """Measure the run's candidates, and as `CHAMPION` the champion of this moment; return them by name.

    Raises `OutOfMemory` when there is not enough for the champion.
    """

    def measured(entrant: Entrant) -> Entrant:
        if entrant.error is not None:
            return entrant
        try:
            is_candidate = entrant.name != CHAMPION
            is_trained = is_candidate and entrant.name != IMPORTED
            answers = read_candidate_answers(store, request.model, request.run, entrant.name) if is_trained else None
            files = read_version_files(store, request.model, entrant.version)
            footprint = files.footprint or measure_version(store, files)
            if not is_trained:
                entrant = replace(entrant, manifest=files.manifest)
            if files.manifest.judged:
                entrant = replace(entrant, judged=files.manifest.judged, served=kind.evaluate(files, None))
                files = read_version_files(store, request.model, files.manifest.judged)
            evaluated = kind.evaluate(files, answers)
            if entrant.name == IMPORTED:  # its parity was proved before it was written, and its golden rows show it
                evaluated = replace(evaluated, parity=evaluated.golden)
            return replace(entrant, footprint=footprint, evaluated=evaluated)
        except OutOfMemory as error:
            if entrant.name == CHAMPION:
                raise  # no candidate is promoted because evaluation is smaller than inference
            return replace(entrant, footprint=error.footprint, error=str(error))
        except (BrokenVersion, NotFound) as error:
            return replace(entrant, error=str(error))

    version = Deployment.read(store, request.model).champion_version
    champion = () if version is None else (Entrant(CHAMPION, version),)
    return {entrant.name: measured(entrant) for entrant in (*champion, *request.trained)}


def measure_version(store: Store, files: VersionFiles) -> Footprint:
    """Measure what a version takes, and keep it with the version."""
    footprint, manifest = measure_loading(files), files.manifest
    footprint.write(store, manifest.model, manifest.version)
    return footprint


def summarise_entrants(
    definition: Definition, holdout: Holdout, entrants: Mapping[str, Entrant], answers: Mapping[str, Floats]
) -> tuple[dict[str, ModelSummary], Stakes]:
    """Compare the answers of all that could be measured, and describe every entrant, by name, and what is at stake."""
    candidates = {name: array for name, array in answers.items() if name != CHAMPION}
    comparison = compare_models(
        choose_metric(definition.training.metric, holdout.classes, holdout.positive, definition.decision.cost),
        ComparedRows(holdout.truth, holdout.groups, holdout.times, holdout.trivial),
        answers.get(CHAMPION),
        candidates,
        ComparisonRules(definition.gate.confidence, definition.gate.margin, definition.gate.least_gain),
    )
    compared = {CHAMPION: comparison.champion, **comparison.candidates}
    summaries = {}
    for name, entrant in entrants.items():
        error = comparison.undefined.get(name, entrant.error)
        figures = Figures(name, entrant.version, footprint=entrant.footprint, error=error, judged=entrant.judged)
        if entrant.evaluated and (result := compared.get(name)):
            measured = {field: getattr(entrant.evaluated, field) for field in MEASURED_FIGURES}
            figures = replace(figures, **asdict(result), **measured)
        summaries[name] = _summarise(definition, holdout, figures, entrant.evaluated)
    return summaries, Stakes(comparison.trivial, comparison.margin, comparison.units)


def _summarise(
    definition: Definition, holdout: Holdout, figures: Figures, evaluated: EvaluatedModel | None
) -> ModelSummary:
    """Describe one model; of one that could not be measured only its names and the reason are left."""
    if evaluated is None or figures.value is None:
        estimators = {candidate.name: candidate.estimator for candidate in definition.training.candidates}
        return ModelSummary(figures, estimators.get(figures.name, ""))
    answers = evaluated.answers_to(holdout)
    rules = definition.training
    chosen = choose_metrics(rules.metric, holdout.classes, holdout.positive, definition.decision.cost)
    metrics = measure_metrics(chosen, holdout.truth, answers)
    return ModelSummary(figures, evaluated.estimator, metrics, **evaluated.describe(holdout))


def add_importance(
    summaries: Mapping[str, ModelSummary],
    entrants: Mapping[str, Entrant],
    holdout: Holdout,
    versions: Collection[str | None],
) -> dict[str, ModelSummary]:
    """Measure what the champion and these versions rely on, which takes too long for all."""
    closely = dict(summaries)
    for name, summary in summaries.items():
        evaluated = entrants[name].evaluated
        if evaluated and (name == CHAMPION or summary.figures.version in versions):
            closely[name] = replace(summary, importance=evaluated.measure_importance(holdout))
    return closely
