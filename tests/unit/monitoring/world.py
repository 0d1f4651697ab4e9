"""A model in service as monitoring finds it in the lake: a version, what was asked and answered, labels, runs."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import encode, learn_vocabularies, parse_definition, prepare, rows_to_columns
from refrain.classes import class_labels, class_numbers
from refrain.evaluation.curves import describe_curves
from refrain.lake.capture.reading import captured_key
from refrain.lake.deployment import Deployment
from refrain.lake.deployment_moves import set_champion
from refrain.lake.evaluation import Evaluation, Figures, Importance, ModelSummary, write_report
from refrain.lake.judged_rows import JudgedRows
from refrain.lake.label import write_labels
from refrain.lake.receipt import Receipt, UploadSource
from refrain.monitoring.monitor import monitor_model
from refrain.statistics.comparison import ComparedRows, ComparisonRules, compare_models
from refrain.statistics.metrics import choose_metric
from refrain.training.baseline import make_baseline
from tests.fake_services import FakeServices
from tests.stored import make_evaluation, make_manifest, make_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.monitoring_report import MonitoringReport

type Row = Mapping[str, Any]
type Floats = NDArray[np.float64]

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
RUN = "20261101T000000-abcdef"


@dataclass
class Recorder(FakeServices):
    """The services around monitoring, in memory: what was started, and what people were told."""

    running: set[str] = field(default_factory=set)
    started: dict[str, tuple[str, str]] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)

    def is_running(self, model: str) -> bool:
        """Whether a test says so."""
        return model in self.running

    def start_run(self, model: str, name: str, reason: str) -> None:
        """Remember the first start under a name, as Step Functions does."""
        self.started.setdefault(name, (model, reason))

    def notify(self, subject: str, text: str) -> None:
        """Remember what was told."""
        self.told.append((subject, text))


@dataclass
class World:
    """One model. `definition` may be replaced; the version keeps the one that it was made with."""

    store: Store
    definition: Definition
    services: Recorder = field(default_factory=Recorder)

    @classmethod
    def of(cls, store: Store, model: str, document: Mapping[str, Any]) -> World:
        """Begin with a definition and an empty lake."""
        return cls(store, parse_definition(model, document, f"{model}.toml"))

    def define(self, document: Mapping[str, Any]) -> None:
        """Change the definition."""
        self.definition = parse_definition(self.definition.model, document, "changed.toml")

    def serve(
        self,
        rows: Sequence[Row],
        answers: Floats,
        *,
        since: datetime = BEGINNING,
        run: str = RUN,
        importance: Mapping[str, float] | None = None,
        in_order: bool = False,
    ) -> str:
        """Put a version into service that was trained on these rows, and answered them so when it was evaluated.

        Where the rows are `in_order`, they were evaluated in the order of time.
        """
        definition, model, version = self.definition, self.definition.model, f"{run}-given"
        columns, problems = prepare(definition, rows_to_columns(rows, list(definition.columns)), len(rows))
        assert not problems
        vocabularies = learn_vocabularies(definition, columns)
        matrix = encode(definition, vocabularies, columns)
        classes: list[str] = []
        target = columns[definition.target]
        truth: NDArray[Any] = target
        if definition.task == "classification":
            labels = class_labels(definition.columns[definition.target], target)
            classes = sorted(set(labels))
            truth = class_numbers(labels, classes)
        baseline = make_baseline(definition, columns, matrix, classes or None, answers, columns)
        positive = min(classes, key=labels.tolist().count) if len(classes) == 2 else None
        manifest = make_manifest(
            definition, version, run=run, vocabularies=vocabularies, classes=tuple(classes) or None, positive=positive
        )
        metric = choose_metric(definition.training.metric, classes, positive, definition.decision.cost)
        rules = ComparisonRules(definition.gate.confidence)
        times = np.arange(len(rows)) if in_order else None
        compared = compare_models(metric, ComparedRows(truth, times=times), None, {"given": answers}, rules)
        figures = compared.candidates["given"]
        summary = ModelSummary(
            Figures("given", version, figures.value, figures.interval, figures.block),
            "given",
            curves=describe_curves(definition.task, truth, answers, classes, positive),
            importance=[Importance(name, loss, 0.0) for name, loss in (importance or {}).items()],
        )
        baseline.write(self.store, model, version)
        manifest.write(self.store, model, version)
        JudgedRows(matrix, truth, answers.reshape(len(rows), -1)).write(self.store, manifest)
        self.ran(run, make_evaluation(definition, summary, run))
        expected = Deployment.read(self.store, model).champion_version
        reasons = {"metric": metric.name, "value": figures.value}
        set_champion(self.store, model, version, expected=expected, reasons=reasons, clock=lambda: since)
        return version

    def ran(self, run: str, evaluation: Evaluation | None = None) -> None:
        """Leave what a run leaves; one without an evaluation broke off."""
        model = self.definition.model
        make_snapshot(self.definition, run).write(self.store, model, run)
        if evaluation:
            evaluation.write(self.store, model, run)
            write_report(self.store, model, run, b"", None)

    def ask(
        self,
        version: str,
        rows: Sequence[Row],
        answers: Floats,
        times: Sequence[datetime],
        *,
        classes: Sequence[str] | None = ("false", "true"),
        unfamiliar: Mapping[int, list[str]] | None = None,
        bound: float | None = None,
    ) -> list[str]:
        """Have predictions captured, one a line, and return their ids; `bound` is that of what callers were told."""
        of_version = zlib.crc32(version.encode()) & 0xFFFF
        ids = [
            f"{int(time.timestamp() * 1000):011x}{of_version:04x}{place:06x}-000" for place, time in enumerate(times)
        ]
        by_hour: dict[datetime, list[str]] = {}
        for place, (row, answer, time) in enumerate(zip(rows, answers.tolist(), times, strict=True)):
            inputs = {name: row.get(name) for name in self.definition.inputs}
            captured = {"id": ids[place], "instance": inputs, "answer": answer}
            if bound is not None:
                captured["bound"] = bound
            if unfamiliar and place in unfamiliar:
                captured["unfamiliar"] = unfamiliar[place]
            line = {
                "capture": 1,
                "model": self.definition.model,
                "version": version,
                "time": f"{time:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
                "milliseconds": 1.0,
                "rows": [captured],
                "classes": list(classes) if classes else None,
            }
            by_hour.setdefault(time.replace(minute=0, second=0, microsecond=0), []).append(json.dumps(line))
        for hour, lines in by_hour.items():
            key = captured_key(self.definition.model, hour, f"{ids[0]}")
            self.store.write(key, gzip.compress("\n".join(lines).encode(), 1))
        return ids

    def label(self, ids: Sequence[str], labels: Sequence[object], received: datetime) -> None:
        """Have labels come in."""
        for start in range(0, len(ids), 1000):
            some = list(zip(ids[start : start + 1000], labels[start : start + 1000], strict=True))
            write_labels(self.store, self.definition.model, some, received + timedelta(microseconds=start))

    def upload(self, rows: int, digest: str) -> None:
        """Leave what ingest leaves of an upload."""
        model = self.definition.model
        Receipt(
            status="kept",
            model=model,
            digest=digest,
            content_sha256=digest,
            source=UploadSource("inbox", f"{model}/{digest}.csv", "", 0, "2026-11-02T00:00:00Z"),
            definition=self.definition.fingerprint,
            finished_at="2026-11-02T00:00:01Z",
            rows_kept=rows,
        ).write_new(self.store)

    def monitor(self, now: datetime) -> MonitoringReport:
        """Write the monitoring report of a time."""
        return monitor_model(self.store, self.services, self.definition, now)
