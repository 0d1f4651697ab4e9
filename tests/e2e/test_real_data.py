"""Real files go through the local cloud and reach their published quality (skipped where the files are missing)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import roc_auc_score

from tests.e2e.test_loop import states_of

if TYPE_CHECKING:
    from pathlib import Path

    from local.stack_client import StackClient

AT_ONCE = 1000


def learn(client: StackClient, model: str, files: dict[str, Path]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Upload files and retrain; return the run's output and its evaluation."""
    for name, path in files.items():
        client.upload(f"{model}/{name}", path.read_bytes())
    for name in files:
        receipt = client.receipt(f"{model}/{name}")
        assert receipt["status"] == "kept", receipt
        assert receipt["rows_read"] == receipt["rows_kept"] + receipt["rows_rejected"]
    execution = client.retrain(model)
    states_of(client, execution)
    ended = client.outcome(execution)
    evaluation = json.loads(client.lake(f"snapshots/{model}/{ended['run']}/evaluation.json"))
    for candidate in evaluation["candidates"]:
        assert candidate["figures"]["parity"]["differing"] == 0
        assert candidate["figures"]["golden"]["differing"] == 0
    return ended, evaluation


def test_income_reaches_its_published_level_on_the_original_test_file(client: StackClient, data: Path) -> None:
    ended, _ = learn(client, "income", {"adult-train.csv": data / "adult" / "adult-train.csv"})
    assert client.receipt("income/adult-train.csv")["rows_kept"] == 32561
    definition = json.loads(client.lake(f"versions/income/{ended['champion']}/manifest.json"))["definition"]
    lines = (data / "adult" / "adult-test.csv").read_text().splitlines()
    rows = [dict(zip(definition["source"]["header"], line.split(","), strict=True)) for line in lines if line]
    truth = [row.pop("income").strip().rstrip(".") == ">50K" for row in rows]

    scores: list[float] = []
    for at in range(0, len(rows), AT_ONCE):
        status, answer, _ = client.predict("income", rows[at : at + AT_ONCE])
        assert status == 200, answer
        scores += [prediction["probabilities"][">50K"] for prediction in answer["predictions"]]

    assert len(scores) == 16281
    assert roc_auc_score(truth, np.array(scores)) >= 0.925


def test_churn_reaches_its_published_level(client: StackClient, data: Path) -> None:
    ended, evaluation = learn(client, "churn", {"telco.csv": data / "telco" / "Telco-Customer-Churn.csv"})

    receipt = client.receipt("churn/telco.csv")
    assert (receipt["rows_read"], receipt["columns"]["TotalCharges"]["missing"]) == (7043, 11)
    assert ended["outcome"] == "promoted"
    assert max(candidate["figures"]["value"] for candidate in evaluation["candidates"]) >= 0.845


def test_bikes_are_split_by_time(client: StackClient, data: Path) -> None:
    ended, evaluation = learn(client, "bikes", {"hour.csv": data / "bike" / "hour.csv"})

    assert client.receipt("bikes/hour.csv")["rows_kept"] == 17379
    assert evaluation["data"]["split"]["by"] == "time"
    assert ended["outcome"] == "promoted"


def test_campaigns_in_time_order_score_lower_than_a_random_split(client: StackClient, data: Path) -> None:
    _, evaluation = learn(client, "campaigns", {"bank.csv.gz": data / "bank" / "bank-additional-full.csv.gz"})

    assert client.receipt("campaigns/bank.csv.gz")["rows_kept"] == 41188
    assert evaluation["data"]["split"]["by"] == "upload"
    best = max(candidate["figures"]["value"] for candidate in evaluation["candidates"])
    assert best < 0.75
