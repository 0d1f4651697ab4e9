"""Taking a snapshot on S3: the real handlers, from uploads to frozen rows."""

from __future__ import annotations

import time
import tomllib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import DefinitionError, parse_definition
from refrain import training_memory
from refrain.aws.storage import Store, open_store
from refrain.errors import InvalidRequest, StorageUnavailable, TooManyRows, UnknownModel
from refrain.lake.deployment_moves import set_champion
from refrain.lake.packed_columns import unpack_columns
from refrain.lake.snapshot import list_runs, snapshot_key
from refrain.lake.version import TrainingRows
from refrain.snapshot import capacity
from tests.integration.loop import handler, snapshot_of, upload
from tests.stored import make_manifest

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

EVENT = {"request": {"model": "shops"}, "execution": "run 1", "started_at": "2026-11-23T12:00:00Z"}

DEFINITION = """
task = "classification"
target = "back"
key = ["who"]
[columns]
who = { type = "category" }
spent = { type = "number", min = 0 }
member = { type = "boolean" }
back = { type = "category" }
[training]
min_rows = 100
candidates = [
  { name = "logistic", estimator = "sklearn.linear_model.LogisticRegression" },
  { name = "tree", estimator = "sklearn.tree.DecisionTreeClassifier" },
]
"""


@pytest.fixture(autouse=True)
def lake(aws: Aws) -> Store:
    """A lake with one model, `shops`."""
    aws.define("shops", DEFINITION)
    return open_store(aws.lake)


def people(count: int, *, start: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """Make rows; whoever spends much comes back."""
    draw = np.random.default_rng(start)
    made = []
    for number in range(start, start + count):
        spent = round(float(draw.uniform(0, 100)), 2)
        back = "yes" if spent + draw.normal(0, 20) > 50 else "no"
        made.append({"who": f"p{number}", "spent": spent, "member": number % 3 == 0, "back": back} | changes)
    return made


def take(**changes: Any) -> dict[str, Any]:
    return handler("retraining/snapshot")({**EVENT, **changes}, None)


def frozen(lake: Store, answer: dict[str, Any], name: str) -> dict[str, Any]:
    return unpack_columns(lake.read(snapshot_key("shops", answer["run"], name)).data)


def leave_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give training its libraries and room for some two thousand rows."""
    monkeypatch.setenv("REFRAIN_TRAINING_MEMORY", "231")
    monkeypatch.setattr(training_memory, "BYTES_PER_ROW", 400)


def wait_for_the_next_second() -> None:
    """S3 tells the time of an upload to the second; of two in one second, the digest decides which is the later."""
    time.sleep(1.0)


def test_uploads_become_two_frozen_parts_and_a_description(aws: Aws, lake: Store) -> None:
    # Given two uploads, the second with a dirty row
    upload(aws, "shops/a.csv", people(300))
    wait_for_the_next_second()
    upload(aws, "shops/b.csv", [*people(200, start=300), *people(1, start=900, spent=-1)])

    # When a snapshot is taken
    answer = take()

    # Then keys and figures travel on
    assert answer["enough"] is True
    assert answer["why"] == ""
    assert (answer["reason"], answer["champion"]) == ("manual", None)
    assert answer["candidates"] == [{"name": "logistic"}, {"name": "tree"}]
    assert answer["rows"] == 500 == answer["train_rows"] + answer["holdout_rows"]
    assert answer["holdout_rows"] == pytest.approx(100, abs=30)

    # And the rows are all there, each on one side
    train, holdout = frozen(lake, answer, "train.npz"), frozen(lake, answer, "holdout.npz")
    assert len(train["who"]) == answer["train_rows"]
    assert {*train["who"], *holdout["who"]} == {f"p{number}" for number in range(500)}
    assert train["member"].dtype == np.float64

    # And the description says what they came from
    document = lake.read_json(answer["snapshot"])
    assert document["digest"] == answer["digest"]
    assert document["definition"]["target"] == "back"
    data = document["data"]
    assert [(each["source"], each["rows_kept"], each["rows_rejected"]) for each in data["uploads"]] == [
        ("shops/a.csv", 300, 0),
        ("shops/b.csv", 200, 1),
    ]
    assert data["split"] == {"by": "hash", "window": "", "cut": None}
    assert sum(each["train"] for each in data["classes"]) == answer["train_rows"]


def test_the_same_uploads_give_the_same_bytes_in_every_run(aws: Aws, lake: Store) -> None:
    upload(aws, "shops/a.csv", people(150))
    upload(aws, "shops/b.csv", people(150, start=100))

    first, second = take(), take(execution="run 2", started_at="2027-01-01T00:00:00Z")

    assert first["run"] != second["run"]
    assert first["digest"] == second["digest"]
    for name in ("train.npz", "holdout.npz"):
        one, other = (lake.read(snapshot_key("shops", answer["run"], name)).data for answer in (first, second))
        assert one == other


def test_a_retry_of_the_step_writes_the_same_names_and_content(aws: Aws, lake: Store) -> None:
    upload(aws, "shops/a.csv", people(300))
    first = take()
    written = {key: lake.read(key).data for key in lake.keys("snapshots/shops/")}

    assert take() == first
    assert {key: lake.read(key).data for key in lake.keys("snapshots/shops/")} == written
    assert len(written) == 4


@pytest.mark.parametrize("writes", range(4))
def test_a_crash_at_any_write_freezes_nothing_and_the_retry_freezes_all(
    aws: Aws, lake: Store, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    # Given a lake that is lost at some write
    upload(aws, "shops/a.csv", people(300))
    put, left = Store._put, [writes]

    def failing(store: Store, key: str, content: Any, **options: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StorageUnavailable(key, "the test says so")
        put(store, key, content, **options)

    with monkeypatch.context() as patched, pytest.raises(StorageUnavailable):
        patched.setattr(Store, "_put", failing)
        take()

    # Then the run froze nothing, until the retry has written all
    assert list_runs(lake, "shops") == []
    assert take()["rows"] == 300
    assert len(list_runs(lake, "shops")) == 1


def test_rows_beyond_what_training_holds_are_sampled_and_counted(
    aws: Aws, lake: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(aws, "shops/a.csv", people(4000))
    leave_little_memory(monkeypatch)

    answer = take()

    assert 1000 < answer["rows"] < 3000
    assert lake.read_json(answer["snapshot"])["data"]["left_out"] == 4000 - answer["rows"]
    assert {*frozen(lake, take(), "train.npz")["who"]} == {*frozen(lake, answer, "train.npz")["who"]}


def test_rows_beyond_what_training_holds_are_refused_where_the_definition_says_so(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.define("shops", DEFINITION.replace("min_rows", 'too_many_rows = "refuse"\nmin_rows'))
    upload(aws, "shops/a.csv", people(4000))
    leave_little_memory(monkeypatch)
    with pytest.raises(TooManyRows, match=r"there are 4,000 rows, and training holds about [\d,]+ of them in 231 MB"):
        take()


def test_more_rows_than_a_snapshot_looks_through_are_refused_by_their_receipts(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(aws, "shops/a.csv", people(4000))
    monkeypatch.setattr(capacity, "MAX_READ_SECONDS", 1e-3)
    sentence = r"there are 4,000 rows of 4 columns, and a snapshot looks through at most [\d,]+: define fewer columns"
    with pytest.raises(TooManyRows, match=sentence):
        take()


def test_the_latest_upload_of_a_key_wins(aws: Aws, lake: Store) -> None:
    upload(aws, "shops/a.csv", people(300))
    wait_for_the_next_second()
    upload(aws, "shops/b.csv", people(100, spent=7.25))

    answer = take()

    assert answer["rows"] == 300
    assert lake.read_json(answer["snapshot"])["data"]["merged_duplicates"] == 100
    spent = np.concatenate([frozen(lake, answer, name)["spent"] for name in ("train.npz", "holdout.npz")])
    assert (spent == 7.25).sum() == 100


def test_of_rare_classes_few_rows_that_were_trained_on_are_held_out_later(aws: Aws, lake: Store) -> None:
    upload(aws, "shops/a.csv", people(300))
    first = take()
    upload(aws, "shops/b.csv", people(300, start=200))

    second = take(execution="run 2")

    trained, held = frozen(lake, first, "train.npz")["who"], frozen(lake, second, "holdout.npz")["who"]
    assert second["rows"] == 500
    assert len({*trained} & {*held}) <= 3  # the comparison leaves them out


def test_rows_of_an_earlier_definition_are_made_to_fit(aws: Aws, lake: Store) -> None:
    # Given an upload under the first definition
    upload(aws, "shops/a.csv", people(300))

    # When the definition then gets a column, and a bound that some of the rows break, and more is uploaded
    aws.define("shops", DEFINITION.replace("min = 0 }", "min = 0, max = 90 }\ncity = { type = 'category' }"))
    upload(aws, "shops/b.csv", people(100, start=300, city="Bern", spent=50))
    answer = take()

    # Then old rows lack the column, and those out of bounds are left out and counted
    old = people(300)
    too_much = sum(row["spent"] > 90 for row in old)
    assert too_much > 0
    assert answer["rows"] == 400 - too_much
    assert lake.read_json(answer["snapshot"])["data"]["unusable_rows"] == too_much
    cities = np.concatenate([frozen(lake, answer, name)["city"] for name in ("train.npz", "holdout.npz")])
    assert (cities == "Bern").sum() == 100


def test_a_file_uploaded_again_under_a_new_definition_counts_once(aws: Aws, lake: Store) -> None:
    upload(aws, "shops/a.csv", people(300))
    aws.define("shops", DEFINITION.replace('key = ["who"]', ""))
    upload(aws, "shops/a.csv", people(300))

    answer = take()

    assert len(lake.keys("receipts/shops/")) == 2
    assert answer["rows"] == 300


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (None, "no rows of shops were uploaded and kept so far"),
        (people(5, spent=-1), "no rows of shops were uploaded and kept so far"),
        (people(99), "there are 99 rows, and 100 are needed (training.min_rows)"),
        (people(300, back="yes"), "training rows have the same back, yes: there is nothing to tell apart"),
    ],
)
def test_without_enough_to_learn_from_a_sentence_says_so_and_nothing_is_written(
    aws: Aws, lake: Store, rows: list[dict[str, Any]] | None, why: str
) -> None:
    if rows:
        upload(aws, "shops/a.csv", rows)

    answer = take()

    assert answer["enough"] is False
    assert why in answer["why"]
    assert answer["candidates"] == []
    assert answer["snapshot"] is None
    assert lake.keys("snapshots/") == []


def test_nothing_new_since_the_champion_is_not_enough_unless_forced(aws: Aws, lake: Store) -> None:
    # Given a champion that learned from the rows that there are
    upload(aws, "shops/a.csv", people(300))
    digest = take()["digest"]
    definition = parse_definition("shops", tomllib.loads(DEFINITION), "shops.toml")
    learned = TrainingRows(digest, 240, 60)
    make_manifest(definition, "v1", candidate="logistic", snapshot=learned).write(lake, "shops", "v1")
    promote(lake, "v1")

    # Then another run has nothing to learn from, unless it is forced, or something is new
    answer = take(execution="run 2")
    assert answer["enough"] is False
    assert answer["why"].startswith("nothing is new: v1, the champion, learned from these very rows")
    assert answer["champion"] == "v1"
    assert take(request={"model": "shops", "force": True})["enough"] is True
    upload(aws, "shops/b.csv", people(1, start=300))
    assert take(execution="run 3")["enough"] is True


def test_a_champion_whose_manifest_is_gone_stops_nothing(aws: Aws, lake: Store) -> None:
    upload(aws, "shops/a.csv", people(300))
    promote(lake, "gone")
    assert take()["enough"] is True


def test_wrong_inputs_are_named(lake: Store) -> None:
    with pytest.raises(UnknownModel, match="no model is named 'shop'; the models are shops"):
        snapshot_of("shop")
    with pytest.raises(InvalidRequest, match="forec: unknown; known are model, reason, force and version"):
        snapshot_of("shops", forec=True)


def test_a_broken_definition_stops_its_own_model_with_a_sentence_and_no_other(aws: Aws) -> None:
    upload(aws, "shops/a.csv", people(300))
    aws.define("broken", "task = ")

    with pytest.raises(DefinitionError, match=r"broken\.toml: not valid TOML"):
        snapshot_of("broken")
    assert take()["enough"] is True


def promote(lake: Store, version: str) -> None:
    set_champion(lake, "shops", version, expected=None, reasons={})
