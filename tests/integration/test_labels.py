"""From a prediction to a training row: real handlers on S3, labels by the API and as files."""

from __future__ import annotations

import gzip
import io
import json
import math
import time
import tomllib
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.aws.storage import Store, open_store
from refrain.lake.capture.reading import captured_key
from refrain.lake.label import read_labels
from refrain.lake.packed_columns import unpack_columns
from refrain.lake.receipt import Receipt
from refrain.lake.snapshot import snapshot_key
from refrain.lake.version import Manifest, TrainingRows
from refrain.serving.registry.registry import registry
from tests.integration.loop import deliver, handler, snapshot_of, upload
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Aws

DEFINITION = """
task = "classification"
target = "back"
key = ["who"]
[columns]
who = { type = "category" }
spent = { type = "number", min = 0 }
back = { type = "category", allowed = ["no", "yes"], lower = true }
[source]
missing = ["?"]
rename = { "Came back" = "back" }
[training]
min_rows = 50
candidates = [{ name = "logistic", estimator = "sklearn.linear_model.LogisticRegression" }]
"""


@pytest.fixture
def lake(aws: Aws) -> Iterator[Store]:
    """A lake with a model in service, and uploads that it learned from."""
    aws.define("shops", DEFINITION)
    registry.cache_clear()
    store = open_store(aws.lake)
    upload(aws, "shops/first.csv", [{"Came back": row.pop("back"), **row} for row in people(200)])
    tiny.deploy(store, tiny.made("shops", tomllib.loads(DEFINITION), people(200)))
    learned_from(store, "other rows")
    yield store
    registry.cache_clear()


def learned_from(lake: Store, digest: str) -> None:
    """Let the champion say what it learned from."""
    manifest = Manifest.read(lake, "shops", "shops-1")
    replace(manifest, snapshot=TrainingRows(digest, 160, 40)).write(lake, "shops", "shops-1")


def people(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Whoever spends much comes back, mostly."""
    return [
        {
            "who": f"p{number}",
            "spent": number * 37 % 100,
            "back": "yes" if number * 37 % 100 + number % 7 > 50 else "no",
        }
        for number in range(start, start + count)
    ]


def ask(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Call the inference function; what it prints is what a log subscription would see."""
    event = {"httpMethod": "POST", "path": path, "headers": {}, "body": json.dumps(body)}
    answer = handler("inference")(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def predict(lake: Store, *instances: dict[str, Any]) -> list[str]:
    """Ask for predictions and have them captured; return their ids."""
    with redirect_stdout(io.StringIO()) as printed:
        status, answer = ask("/v1/models/shops:predict", {"instances": list(instances)})
    assert status == 200, answer
    name = answer["prediction_ids"][0]
    lake.write(captured_key("shops", datetime.now(UTC), name), gzip.compress(printed.getvalue().encode()))
    return list(answer["prediction_ids"])


def label(*labels: tuple[str, object]) -> dict[str, Any]:
    entries = [{"prediction_id": name, "label": value} for name, value in labels]
    status, answer = ask("/v1/models/shops:label", {"labels": entries})
    assert status == 202, answer
    return answer


def frozen(lake: Store, answer: dict[str, Any]) -> dict[str, list[Any]]:
    """All rows of a snapshot."""
    sides = [
        unpack_columns(lake.read(snapshot_key("shops", answer["run"], f"{name}.npz")).data)
        for name in ("train", "holdout")
    ]
    return {name: np.concatenate([side[name] for side in sides]).tolist() for name in sides[0]}


def test_a_prediction_that_was_labelled_is_learned_from(lake: Store) -> None:
    # Given predictions of new people, of which two are labelled, one wrongly at first
    first, second, _ = predict(lake, *({"who": f"new{number}", "spent": number} for number in range(3)))
    label((first, "no"), (second, "no"), ("of nobody", "yes"))
    label((first, "YES"))

    # When a snapshot is taken
    answer = snapshot_of("shops")

    # Then the two are rows of it, with the label that counts
    rows = frozen(lake, answer)
    assert answer["rows"] == 202
    found = {who: (spent, back) for who, spent, back in zip(rows["who"], rows["spent"], rows["back"], strict=True)}
    assert found["new0"] == (0.0, "yes")
    assert found["new1"] == (1.0, "no")
    assert "new2" not in found
    data = lake.read_json(answer["snapshot"])["data"]
    assert {name: data["labelled"][name] for name in ("rows", "labels", "unmatched", "unusable")} == {
        "rows": 2,
        "labels": 3,
        "unmatched": 1,
        "unusable": 0,
    }


def test_a_row_that_was_uploaded_and_labelled_is_there_once(aws: Aws, lake: Store) -> None:
    ids = predict(lake, {"who": "p7", "spent": 99}, {"who": "new", "spent": 98})
    time.sleep(1)  # S3 tells uploads apart by the second
    label(*((name, "no") for name in ids))
    upload(aws, "shops/later.csv", [{"who": "new", "spent": 97, "Came back": "yes"}])

    rows = frozen(lake, snapshot_of("shops"))

    spent = dict(zip(rows["who"], rows["spent"], strict=True))
    assert len(rows["who"]) == len(spent) == 201
    assert (spent["p7"], spent["new"]) == (99, 97)


def test_lines_and_labels_that_come_twice_change_nothing(lake: Store) -> None:
    (identity,) = predict(lake, {"who": "new", "spent": 1})
    label((identity, "no"))
    before = snapshot_of("shops")
    (key,) = lake.keys("captured/shops/")

    lake.write(captured_key("shops", datetime.now(UTC), "again"), lake.read(key).data)
    assert label((identity, "no")) == label((identity, "no"))

    assert snapshot_of("shops")["digest"] == before["digest"]


def test_labels_are_something_new_to_learn_from(lake: Store) -> None:
    # Given a champion that learned from all there is
    before = snapshot_of("shops")
    learned_from(lake, before["digest"])
    assert snapshot_of("shops")["enough"] is False

    # When a prediction is labelled
    (identity,) = predict(lake, {"who": "new", "spent": 1})
    assert snapshot_of("shops")["enough"] is False
    label((identity, "no"))

    # Then there is
    assert snapshot_of("shops")["enough"] is True


def put(aws: Aws, key: str, content: bytes) -> dict[str, Any]:
    """Upload a file and let ingest have its event; return its receipt."""
    aws.put(key, content)
    deliver(aws, key)
    (receipt,) = [each for each in aws.receipts("shops") if each["source"]["key"] == key]
    return receipt


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"prediction_id,label\np1,yes\np2,NO\n"),
        ("a.tsv", b"label\tprediction_id\tnote\nyes\tp1\t1\nno\tp2\t2\n"),
        (
            "deep/er/a.jsonl.gz",
            gzip.compress(b'{"prediction_id": "p1", "label": "yes"}\n{"prediction_id":"p2","label":"no"}'),
        ),
        ("a.json", b'[{"prediction_id": "p1", "label": "Yes"}, {"prediction_id": "p2", "label": "no"}]'),
    ],
    ids=["csv", "tsv", "jsonl", "json"],
)
def test_labels_come_as_a_file_of_any_format(aws: Aws, lake: Store, name: str, content: bytes) -> None:
    receipt = put(aws, f"shops/labels/{name}", content)

    assert (receipt["status"], receipt["kind"], receipt["rows_kept"]) == ("kept", "labels", 2)
    assert {name: each.value for name, each in read_labels(lake, "shops").items()} == {"p1": "yes", "p2": "no"}
    assert [part["key"] for part in receipt["parts"]] == lake.keys("labels/shops/")
    assert snapshot_of("shops")["rows"] == 200


def test_a_row_of_a_file_that_cannot_be_used_is_rejected_with_its_reason(aws: Aws, lake: Store) -> None:
    receipt = put(aws, "shops/labels/a.csv", b"prediction_id,label\np1,yes\np2,maybe\n,no\np4,?\np5\n")

    assert (receipt["rows_read"], receipt["rows_kept"], receipt["rows_rejected"]) == (5, 1, 4)
    assert {(each["column"], each["reason"]) for each in receipt["rejections"]} == {
        ("label", "expected one of no, yes"),
        ("label", "is required"),
        ("prediction_id", "is required"),
        ("", "expected 2 fields, got 1"),
    }
    assert lake.exists(receipt["rejected"])


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"prediction_id,back\np1,yes\n", "no_target"), (b"", "empty"), (b"prediction_id,label\n", "no_rows")],
)
def test_a_file_without_labels_is_refused(aws: Aws, lake: Store, content: bytes, code: str) -> None:
    receipt = put(aws, "shops/labels/a.csv", content)

    assert (receipt["status"], receipt["code"]) == ("refused", code)
    assert lake.keys("labels/") == []


def test_a_file_that_comes_twice_counts_once_since_its_upload(aws: Aws, lake: Store) -> None:
    put(aws, "shops/labels/a.csv", b"prediction_id,label\np1,yes\n")
    before = read_labels(lake, "shops")

    deliver(aws, "shops/labels/a.csv")
    again = put(aws, "shops/labels/b.csv", b"prediction_id,label\np1,yes\n")

    assert again["status"] == "duplicate"
    assert read_labels(lake, "shops") == before


def test_a_crash_before_the_receipt_leaves_the_same_as_one_that_went_well(aws: Aws, lake: Store) -> None:
    receipt = put(aws, "shops/labels/a.csv", b"prediction_id,label\np1,yes\np2,no\n")
    written = {key: lake.read(key).data for key in lake.keys("labels/")}

    # When the receipt was never written, and the event comes again
    aws.s3.delete_object(Bucket=aws.lake, Key=Receipt.key("shops", receipt["digest"]))
    deliver(aws, "shops/labels/a.csv")

    # Then the same is there
    assert {key: lake.read(key).data for key in lake.keys("labels/")} == written
    assert lake.exists(Receipt.key("shops", receipt["digest"]))


def test_labels_of_a_regression_are_numbers_in_a_file_too(aws: Aws, lake: Store) -> None:
    aws.define(
        "flats",
        "task = 'regression'\ntarget = 'price'\n"
        "[source]\ndecimal = ','\n"
        "[columns]\narea = { type = 'number' }\nprice = { type = 'number', min = 0 }\n"
        "[training]\ncandidates = [{ name = 'linear', estimator = 'sklearn.linear_model.LinearRegression' }]",
    )
    aws.put("flats/labels/a.csv", b"prediction_id;label\np1;1,5\np2;2\np3;-1\n")
    deliver(aws, "flats/labels/a.csv")

    labels = {name: each.value for name, each in read_labels(lake, "flats").items()}
    assert labels == {"p1": 1.5, "p2": 2}
    assert all(isinstance(value, int | float) and math.isfinite(value) for value in labels.values())
