"""A model of free text: as good as scikit-learn's own pipeline, proved and exported as every other."""

from __future__ import annotations

import gzip
import io
import json
import uuid
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from refrain.aws.storage import open_store
from refrain.lake.capture.reading import captured_key
from refrain.lake.model_definition import find_definition
from refrain.lake.version import Manifest
from refrain.model.tabular import TabularModel
from refrain.monitoring.monitor import monitor_model
from refrain.serving.registry.registry import registry
from refrain.statistics.metrics import METRICS
from tests.integration.loop import handler, retrain, upload
from tests.unit.monitoring.world import Recorder
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Aws

CANDIDATES: list[tuple[str, dict[str, Any]]] = [
    ("linear_model.LogisticRegression", {"max_iter": 1000}),
    ("linear_model.LogisticRegression", {"features": "imputed", "max_iter": 50}),
    ("ensemble.RandomForestClassifier", {"n_estimators": 10}),
    ("ensemble.HistGradientBoostingClassifier", {"max_iter": 5}),
    ("neighbors.KNeighborsClassifier", {}),
    ("naive_bayes.MultinomialNB", {"features": "imputed"}),
]


def mail(rows: int) -> list[dict[str, Any]]:
    """Messages of words that both kinds have, one kind oftener than the other, with a number beside them."""
    draw = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(400)])
    common, own = draw.dirichlet(np.full(400, 0.3), 2)
    shares = [common, 0.8 * common + 0.2 * own]
    kinds = draw.integers(0, 2, rows)
    return [
        {
            "message": None if row % 50 == 7 else ", ".join(draw.choice(words, draw.integers(5, 40), p=shares[kind])),
            "hour": float(draw.integers(0, 24)),
            "channel": str(draw.choice(["sms", "web"])),
            "kind": ("ham", "spam")[kind],
        }
        for row, kind in enumerate(kinds)
    ]


def define(estimator: str, parameters: dict[str, Any]) -> dict[str, Any]:
    kinds = {"message": "text", "hour": "number", "channel": "category", "kind": "category"}
    return {
        "task": "classification",
        "target": "kind",
        "columns": {name: {"type": kind} for name, kind in kinds.items()},
        "training": {"candidates": [{"name": "tried", "estimator": f"sklearn.{estimator}", **parameters}]},
    }


@pytest.mark.parametrize(("estimator", "parameters"), CANDIDATES)
def test_every_recipe_is_proved_on_texts(estimator: str, parameters: dict[str, Any]) -> None:
    files = tiny.made("mail", define(estimator, parameters), mail(200)).files

    loaded = TabularModel.load(files.manifest, files.model, files.baseline, files.familiar)

    replay = loaded.replay(files.golden)
    assert (replay.differing, replay.holds) == (0, True)
    assert set(files.baseline.features) == {"message", "hour", "channel"}


def test_words_tell_as_much_as_they_do_in_a_pipeline_of_scikit_learn() -> None:
    both = mail(2400)
    texts = [row["message"] or "" for row in both]
    truth = np.array([row["kind"] == "spam" for row in both]).astype(np.int64)
    vectors = TfidfVectorizer()
    usual = LogisticRegression().fit(vectors.fit_transform(texts[:1200]), truth[:1200])
    expected = usual.predict_proba(vectors.transform(texts[1200:]))

    files = tiny.made("mail", define("linear_model.LogisticRegression", {}), both[:1200]).files
    loaded = TabularModel.load(files.manifest, files.model, files.baseline, files.familiar)
    answers = loaded.answer(both[1200:])

    for metric in ("roc_auc", "accuracy"):
        ours, theirs = (METRICS[metric].value(truth[1200:], scores) for scores in (answers, expected))
        assert ours > theirs - 0.01
    columns, _ = loaded.prepare([{**both[0], "message": "word1 " * 1500}, both[0]])
    assert loaded.familiar.unfamiliar(loaded.encode(columns)) == [["message"], []]


MAIL = """
task = "classification"
target = "kind"
[columns]
message = { type = "text" }
hour = { type = "number" }
channel = { type = "category" }
kind = { type = "category" }
[derived]
evening = { make = "bins", from = "late", edges = [0, 2] }
late = { make = "features.distance", from = ["hour", "hour", "late_log", "hour"] }
late_log = { make = "log1p", from = "hour" }
[training]
candidates = [{ name = "logistic", estimator = "sklearn.linear_model.LogisticRegression" }]
[monitoring]
window = "1h"
"""


@pytest.fixture(autouse=True)
def no_kept_registry() -> Iterator[None]:
    """Models are kept for the life of a process; here each test is one."""
    registry.cache_clear()
    yield
    registry.cache_clear()


def test_a_text_goes_the_whole_way_from_an_upload_to_monitoring(aws: Aws) -> None:
    # Given a champion that learned from uploaded texts, and features made of one another and by an own function
    aws.define("mail", MAIL)
    rows = mail(600)
    upload(aws, "mail/rows.csv", rows)
    assert retrain("mail")["outcome"] == "promoted"
    lake = open_store(aws.lake)
    (version,) = {key.split("/")[2] for key in lake.keys("versions/mail/") if ".refit/" in key}
    assert list(Manifest.read(lake, "mail", version).functions) == ["features.distance"]

    # When both protocols are asked about the same row, and about a text that is too long
    row = {name: value for name, value in rows[0].items() if name != "kind"}
    tensors = [
        {"name": name, "datatype": "FP64" if name == "hour" else "BYTES", "shape": [1], "data": [value]}
        for name, value in row.items()
    ]
    with redirect_stdout(io.StringIO()) as printed:
        first = ask("/v1/models/mail:predict", {"instances": [row]})
        same = ask("/v2/models/mail/infer", {"inputs": tensors})
        refused = ask("/v1/models/mail:predict", {"instances": [{**row, "message": "no" * 9999}]})
        longer = [{**item, "message": item["message"] and 3 * item["message"], "kind": None} for item in rows[:200]]
        assert len(ask("/v1/models/mail:predict", {"instances": longer})["predictions"]) == 200

    # Then the answers are the same, and the long text is refused with the limit
    (probabilities,) = (item["data"] for item in same["outputs"] if item["name"] == "probabilities")
    assert list(first["predictions"][0]["probabilities"].values()) == pytest.approx(probabilities)
    assert "at most 10,000 letters" in json.dumps(refused)

    # And monitoring sees that texts get longer
    lake.write(captured_key("mail", datetime.now(UTC), uuid.uuid4().hex), gzip.compress(printed.getvalue().encode()))
    later = datetime.now(UTC) + timedelta(hours=2)
    report = monitor_model(lake, Recorder(), find_definition(lake, "mail"), later)
    assert report.window
    assert [item.name for item in report.window.distributions if item.drifted and not item.answer] == ["message"]


def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
    event = {"httpMethod": "POST", "path": path, "headers": {}, "body": json.dumps(body)}
    answer: dict[str, Any] = json.loads(handler("inference")(event, None)["body"])
    return answer
