"""Every stored object is a class of the lake: what it writes is what it says, and nobody else opens it."""

from __future__ import annotations

import ast
import json
import pkgutil
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

import refrain.lake
from preprocessing import parse_definition
from refrain.evaluation.curves import describe_curves
from refrain.lake.adapted_bound import AdaptedBound
from refrain.lake.approval import Approval, ApprovalAnswer
from refrain.lake.calibration_errors import CalibrationErrors
from refrain.lake.deployment import Challenger, Deployment, Served, Withdrawn
from refrain.lake.deployment_log import LogEntry
from refrain.lake.document import Document
from refrain.lake.evaluation import Evaluation, Figures, Importance, ModelSummary, ToldUncertainty
from refrain.lake.expectation import Expectation, expect
from refrain.lake.feature_profile import AnswerProfile, BinCounts, CategoryProfile, Movement, NumberProfile, Turnover
from refrain.lake.footprint import Footprint
from refrain.lake.forgetting_receipt import ForgettingReceipt
from refrain.lake.forgotten_keys import ForgottenGroup, ForgottenKeys
from refrain.lake.judged_window import Distribution, JudgedWindow, MissingValues, NewValues, PastWindow
from refrain.lake.method_checks import Finding, MethodChecks
from refrain.lake.model_definition import DefinitionChange, ModelDefinition
from refrain.lake.monitoring_report import MonitoringReport, RetrainingDecision
from refrain.lake.monitoring_round import MonitoringRound
from refrain.lake.parity_figures import Parity
from refrain.lake.quality_causes import FeaturePart, QualityCauses, RisePart
from refrain.lake.quality_figures import (
    CoverageFigures,
    Estimate,
    EstimatedChange,
    EvaluatedQuality,
    MeasuredQuality,
    RecommendationHits,
)
from refrain.lake.receipt import KeptPart, Receipt, Rejection, UploadSource
from refrain.lake.search import SearchPart, SearchTrial
from refrain.lake.segments import SegmentDrift, SegmentFigure, SegmentFigures
from refrain.lake.snapshot import Snapshot
from refrain.lake.trial_outcome import TrialFigures, TrialOutcome
from refrain.lake.version import Baseline, CatalogueItems, Golden, Manifest
from refrain.times import from_iso, to_key
from tests.stored import RUN, make_evaluation, make_manifest, make_snapshot
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refrain.aws.storage import Store

ROOT = Path(__file__).parents[2]
MODEL, VERSION, TIME = "people", f"{RUN}-logistic", "2026-11-23T12:04:09.000Z"

OBJECT = re.compile(
    r"(?:snapshot|manifest|baseline|golden|catalogue|footprint|errors|evaluation|expectation)\.json"
    r"|(?:curated|rejected|receipts|snapshots|versions|deployments|captured|hours|labels|interactions)/\S+"
    r"|(?:monitoring|rounds|coverage|definitions|forgotten)/\S+"
)
"""The name of a stored object, or how a key begins."""

DEFINITION = parse_definition(MODEL, tiny.PEOPLE, "people.toml")
SNAPSHOT = make_snapshot(DEFINITION)
MANIFEST = make_manifest(DEFINITION, VERSION, vocabularies={"city": ("London", "Paris")}, classes=("no", "yes"))
NUMBER = NumberProfile(0.0, 9.0, 4.5, 2.5, 0.1, [0.0, 9.0], BinCounts([3.0], [2, 7]), [Movement(100, 1.5, 8)])
CATEGORY = CategoryProfile({"London": 9, "Paris": 1}, other=0, once=1, missing=0.0)
BASELINE = Baseline(
    rows=10,
    features={"age": NUMBER, "city": CATEGORY},
    predictions=AnswerProfile(10, labels={"no": 0.5, "yes": 0.5}, probabilities={"no": NUMBER, "yes": NUMBER}),
    turnover=Turnover(10, CATEGORY),
)
GOLDEN = Golden([{"age": 36, "city": None}, {}], [[0.25, 0.75], [0.5, 0.5]])
CATALOGUE = CatalogueItems(("s1", "s2"), {"title": ["Alpha", None]})
SEARCH_PART = SearchPart(
    [SearchTrial(0, {"depth": 3, "shrink": True}, [0.5, 0.25]), SearchTrial(1, {"depth": 4}, error="no")]
)
FOOTPRINT = Footprint(held_bytes=9_000, peak_bytes=12_000, cpu_seconds=0.125)
ERRORS = CalibrationErrors(3, (0.25, 0.5, 1.0))
CHANGE = DefinitionChange("d0", TIME, "ada")
APPLIED = ModelDefinition("d0", TIME, "ada", MODEL, 'task = "classification"', (CHANGE,))
ADAPTED = AdaptedBound(0.9, None, "coverage_lost", 360)
SERVED = Served(VERSION, TIME, "roc_auc", 0.91)
TRIAL_FIGURES = TrialFigures(60.0, 240, 0.0, 7.31, 0.0125, 0.0214, 0.05, 0, None, None, None, None)
TRIAL = TrialOutcome("promote", "proved", "The challenger did well.", TIME, TRIAL_FIGURES)
APPROVAL = Approval(
    MODEL,
    RUN,
    VERSION,
    "token",
    TIME,
    TIME,
    "s3://lake/report.html",
    TRIAL,
    ApprovalAnswer(True, "ann", "checked", TIME),
)
PROMOTED = LogEntry(model=MODEL, sequence=7, time=TIME, event="promoted", version=VERSION, trial=TRIAL)
DEPLOYMENT = Deployment(
    model=MODEL,
    champion=SERVED,
    previous=Served("old", TIME, "roc_auc", None),
    challenger=Challenger("new", TIME, "roc_auc", 0.92, "canary", 0.1, TIME),
    last=PROMOTED,
    withdrawn=(Withdrawn("bad", "d0", TIME),),
)
TRUTH, ANSWERS = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
PARITY = Parity(100, 1e-7, 0)
FIGURES = Figures("logistic", VERSION, 0.91, (0.9, 0.92), parity=PARITY, golden=PARITY, footprint=FOOTPRINT)
CURVES = describe_curves("classification", TRUTH, ANSWERS, ["no", "yes"], "yes")
SUMMARY = ModelSummary(
    FIGURES,
    "LogisticRegression",
    {"roc_auc": 0.91},
    CURVES,
    [Importance("age", 0.1, 0.01)],
    uncertainty=ToldUncertainty(0.9, 0.75, 1.5),
)
CHECKS = MethodChecks([Finding.of("leaking_column", "age tells city.", "age")], ["copies"], "logistic")
EVALUATION = replace(make_evaluation(DEFINITION, SUMMARY), champion=SUMMARY, checks=CHECKS, trial=TRIAL)
EXPECTATION = expect(
    ["no", "yes"], "yes", ANSWERS, ANSWERS[::-1], gains=np.array([-0.1, 0.0, 0.2]), margin=0.01, block=1
)
ESTIMATE = Estimate(0.8, 0.7, 0.9, 500)
PART = RisePart(0.05, 0.01, 0.09)
SEGMENT = SegmentFigure("city = Oslo", 0.1, 0.2, 0.3, 0.09, 0.05, 0.13)
REPORT = MonitoringReport(
    model=MODEL,
    time="2026-11-23T13:00:00Z",
    version=VERSION,
    served_since=TIME,
    state="drifted",
    headline="city drifted",
    summary="city drifted",
    alarm=(2, 3),
    least_shift=0.1,
    least_points=1.0,
    evaluated=EvaluatedQuality("roc_auc", 0.9, 0.88, 0.92, 0.8, 0.01),
    window=JudgedWindow(
        since="2026-11-23T12:00:00Z",
        until="2026-11-23T13:00:00Z",
        rows=500,
        alarmed=True,
        estimated=ESTIMATE,
        estimated_change=EstimatedChange(0.81, -0.01, -0.02, 0.01),
        estimated_breaks_gate=False,
        unfamiliar=0.1,
        unfamiliar_features={"city": 0.1},
        unfamiliar_combinations=0.02,
        distributions=(
            Distribution(
                "city", False, 1e-9, 0.3, True, 0.5, 0.15, False, "2026-11-23T12:00:00Z", ("London",), (0.9,), (0.5,)
            ),
        ),
        distributions_tested=7,
        new_values=(NewValues("city", 0.1, 0.01, ("Oslo",)),),
        missing=(MissingValues("age", 0.2, 0.1),),
        segment_drifts=(SegmentDrift("city = Oslo", 0.1, "age", 1e-6, 0.3),),
    ),
    quality=MeasuredQuality(
        "2026-11-22T13:00:00Z",
        ESTIMATE,
        "",
        40,
        0.1,
        60.0,
        False,
        "worse",
        7,
        causes=QualityCauses("Brier score", 0.1, 40, PART, PART, PART, (FeaturePart("age", PART),), "city", SEGMENT),
        segments=SegmentFigures("Brier score", 40, 12, (SEGMENT,)),
    ),
    coverage=CoverageFigures(ADAPTED, ESTIMATE),
    hits=RecommendationHits("2026-11-22T13:00:00Z", 100, 50, 10, ESTIMATE, 0.2, 0),
    history=(
        PastWindow(
            VERSION, "2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z", 90, False, (), {"city": 0.1}, ESTIMATE, None, 0.0
        ),
    ),
    decision=RetrainingDecision(True, "drift", "city drifted", "drift-1"),
    last_start=None,
)
ROUND = MonitoringRound("3c5b1a52-8a0c-4e5e-9a55-0d3c6a1f9b11")

FORGOTTEN_KEYS = ForgottenKeys(MODEL, 7, (ForgottenGroup(("city",), (3, 2**64 - 1)),))
FORGETTING = ForgettingReceipt(MODEL, "d0", "begun", "ada", TIME, ("city",), 2, (VERSION,), removed={"curated": 3})
RECEIPT = Receipt(
    status="kept",
    model=MODEL,
    digest="d0",
    source=UploadSource("inbox", "people/a.csv", "e0", 40, TIME),
    definition=DEFINITION.fingerprint,
    content_sha256="c0",
    seconds=0.5,
    finished_at=TIME,
    format="csv",
    rows_read=3,
    rows_kept=2,
    rows_rejected=1,
    parts=[KeptPart("curated/people/d0/part-0000.parquet", 2)],
    rejected="rejected/people/d0.jsonl.gz",
    rejections=[Rejection("age", "expected a number", 1)],
    columns={"age": {"type": "number", "mean": 36.0}},
)


@dataclass(frozen=True)
class Stored:
    """An object, and how it is written and read."""

    value: Document
    write: Callable[[Store], object]
    read: Callable[[Store], object]


STORED = {
    Snapshot: Stored(
        SNAPSHOT, lambda lake: SNAPSHOT.write(lake, MODEL, RUN), lambda lake: Snapshot.read(lake, MODEL, RUN)
    ),
    Manifest: Stored(
        MANIFEST, lambda lake: MANIFEST.write(lake, MODEL, VERSION), lambda lake: Manifest.read(lake, MODEL, VERSION)
    ),
    SearchPart: Stored(
        SEARCH_PART,
        lambda lake: SEARCH_PART.write(lake, MODEL, RUN, "tree", "0"),
        lambda lake: SearchPart.read(lake, MODEL, RUN, "tree", "0"),
    ),
    Baseline: Stored(
        BASELINE, lambda lake: BASELINE.write(lake, MODEL, VERSION), lambda lake: Baseline.read(lake, MODEL, VERSION)
    ),
    Golden: Stored(
        GOLDEN, lambda lake: GOLDEN.write(lake, MODEL, VERSION), lambda lake: Golden.read(lake, MODEL, VERSION)
    ),
    CatalogueItems: Stored(
        CATALOGUE,
        lambda lake: CATALOGUE.write(lake, MODEL, VERSION),
        lambda lake: CatalogueItems.read(lake, MODEL, VERSION),
    ),
    Footprint: Stored(
        FOOTPRINT, lambda lake: FOOTPRINT.write(lake, MODEL, VERSION), lambda lake: Footprint.read(lake, MODEL, VERSION)
    ),
    CalibrationErrors: Stored(
        ERRORS,
        lambda lake: ERRORS.write(lake, MODEL, VERSION),
        lambda lake: CalibrationErrors.read(lake, MODEL, VERSION),
    ),
    Approval: Stored(
        APPROVAL, lambda lake: APPROVAL.write(lake, MODEL, RUN), lambda lake: Approval.read(lake, MODEL, RUN)
    ),
    AdaptedBound: Stored(
        ADAPTED, lambda lake: ADAPTED.write(lake, MODEL, VERSION), lambda lake: AdaptedBound.read(lake, MODEL, VERSION)
    ),
    Deployment: Stored(
        DEPLOYMENT, lambda lake: DEPLOYMENT.write(lake, MODEL), lambda lake: Deployment.read(lake, MODEL)
    ),
    ModelDefinition: Stored(
        APPLIED, lambda lake: APPLIED.write(lake, MODEL), lambda lake: ModelDefinition.read(lake, MODEL)
    ),
    Evaluation: Stored(
        EVALUATION, lambda lake: EVALUATION.write(lake, MODEL, RUN), lambda lake: Evaluation.read(lake, MODEL, RUN)
    ),
    Expectation: Stored(
        EXPECTATION, lambda lake: EXPECTATION.write(lake, MODEL, RUN), lambda lake: Expectation.read(lake, MODEL, RUN)
    ),
    MonitoringReport: Stored(
        REPORT, REPORT.write, lambda lake: MonitoringReport.read(lake, MODEL, from_iso(REPORT.time))
    ),
    MonitoringRound: Stored(
        ROUND,
        lambda lake: ROUND.begin(lake, from_iso(REPORT.time)),
        lambda lake: MonitoringRound.read(lake, to_key(from_iso(REPORT.time))),
    ),
    Receipt: Stored(RECEIPT, RECEIPT.write_new, lambda lake: Receipt.read(lake, MODEL, "d0")),
    ForgottenKeys: Stored(
        FORGOTTEN_KEYS, lambda lake: FORGOTTEN_KEYS.write(lake, MODEL), lambda lake: ForgottenKeys.read(lake, MODEL)
    ),
    ForgettingReceipt: Stored(
        FORGETTING,
        lambda lake: FORGETTING.write(lake, MODEL, "d0"),
        lambda lake: ForgettingReceipt.read(lake, MODEL, "d0"),
    ),
    LogEntry: Stored(PROMOTED, PROMOTED.write, lambda lake: LogEntry.read(lake, PROMOTED.key())),
}
"""One object of every class that has a key of its own."""


def stored_classes(base: type[Document] = Document) -> Iterator[type[Document]]:
    """Walk the classes of the lake that are read from the store."""
    for module in pkgutil.walk_packages(refrain.lake.__path__, "refrain.lake."):
        import_module(module.name)
    for kind in base.__subclasses__():
        if kind.__module__.startswith("refrain.lake.") and hasattr(kind, "read"):
            yield kind
        yield from stored_classes(kind)


def modules() -> list[Path]:
    """List the modules that may not know how the lake stores its objects."""
    lake = ROOT / "shared" / "refrain" / "lake"
    every = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    return sorted(path for path in every if not path.is_relative_to(lake))


def opens_stored_objects(path: Path) -> bool:
    """Tell whether a module names a JSON file of the lake, or writes a key."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.Constant) and OBJECT.fullmatch(str(node.value)) for node in nodes)


def test_every_stored_class_has_an_example() -> None:
    assert {kind for kind in stored_classes() if is_dataclass(kind)} == set(STORED)


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_what_is_written_is_what_is_read(kind: type[Document]) -> None:
    lake, stored = tiny.Lake(), STORED[kind]

    stored.write(lake)

    assert stored.read(lake) == stored.value


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_what_is_written_is_what_the_class_says(kind: type[Document]) -> None:
    lake, stored = tiny.Lake(), STORED[kind]

    stored.write(lake)

    (key,) = lake.keys("")
    written = lake.read_json(key)
    assert set(written) <= {field.name for field in fields(cast("Any", kind))}
    assert json.loads(json.dumps(stored.value.to_json())) == written


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_else_makes_keys_or_opens_objects_by_name(path: Path) -> None:
    assert not opens_stored_objects(path)
