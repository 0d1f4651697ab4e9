"""A model of free text: as good as scikit-learn's own pipeline, proved and exported as every other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from refrain.model.tabular import TabularModel
from refrain.statistics.metrics import METRICS
from tests.unit.serving import tiny

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
    assert loaded.familiar.unfamiliar(loaded.encode(loaded.prepare(both[:2])[0])) == [[], []]
