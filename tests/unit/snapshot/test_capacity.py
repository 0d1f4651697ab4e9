"""How many rows a snapshot takes, known from receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from refrain.errors import TooManyRows
from refrain.lake.receipt import KeptPart
from refrain.snapshot.capacity import check_readable, row_limit
from refrain.snapshot.snapshot_kind import RunData, SnapshotKind
from refrain.training_memory import TrainingTable, estimate_memory

if TYPE_CHECKING:
    from tests.unit.snapshot.conftest import Define, MakeReceipt

MEMORY = 1000 * 2**20
ESTIMATORS = (
    "linear_model.LogisticRegression",
    "ensemble.HistGradientBoostingClassifier",
    "tree.DecisionTreeClassifier",
    "neighbors.KNeighborsClassifier",
)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_what_the_snapshot_takes_training_holds(define: Define, make_receipt: MakeReceipt, estimator: str) -> None:
    # Given uploads in which two columns have missing values, and twenty classes
    missing = {"spent": {"missing": 3}, "member": {"missing": 1}, "back": {"distinct": 20}}
    data = RunData([make_receipt("a", columns=missing), make_receipt("b")])
    candidate = {"name": "one", "estimator": f"sklearn.{estimator}", "max_depth": 6}
    definition = define(training={"candidates": [candidate], "holdout": 0.3})

    # When the snapshot takes as many rows as it may
    rows = row_limit(SnapshotKind(definition), data, MEMORY).rows

    # Then the fit on all of them is not refused, and much more of them would be
    def fits(rows: int) -> bool:
        trained = TrainingTable(rows, 4, width=6, filled=6, classes=20)
        return estimate_memory(definition.training.candidates[0], trained) <= MEMORY

    assert fits(rows)
    assert not fits(2 * rows)


def test_the_limit_is_that_of_the_candidate_that_can_learn_from_most(define: Define, make_receipt: MakeReceipt) -> None:
    def limit(*names: str) -> int:
        estimators = {"forest": "ensemble.RandomForestClassifier", "linear": "linear_model.LogisticRegression"}
        candidates = [{"name": name, "estimator": f"sklearn.{estimators[name]}"} for name in names]
        definition = define(training={"candidates": candidates})
        return row_limit(SnapshotKind(definition), RunData([make_receipt("a")]), MEMORY).rows

    assert limit("forest") < limit("linear") == limit("forest", "linear")


def test_more_rows_than_memory_can_look_through_are_refused(
    define: Define, make_receipt: MakeReceipt, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = define()
    data = RunData([make_receipt("a", parts=[KeptPart("a", 40_000_000)]), make_receipt("b")])
    check_readable(definition, data)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")
    with pytest.raises(TooManyRows, match=r"there are 40,000,010 rows of 5 columns, .* at most 30,\d+,\d+: raise Snap"):
        check_readable(definition, data)
