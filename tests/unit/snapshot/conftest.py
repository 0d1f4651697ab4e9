"""A small model, and receipts of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from preprocessing import Definition, parse_definition
from refrain.lake.receipt import KeptPart, Receipt, UploadSource

Define = Callable[..., Definition]
MakeReceipt = Callable[..., Receipt]


@pytest.fixture
def define() -> Define:
    """Make a definition of `shops`: when, who (the key, if asked), how much, and whether they came back."""

    def make(task: str = "classification", training: dict[str, Any] | None = None, **changes: Any) -> Definition:
        estimator = "LogisticRegression" if task == "classification" else "LinearRegression"
        candidates = [{"name": "linear", "estimator": f"sklearn.linear_model.{estimator}"}]
        document = {
            "task": task,
            "target": "back" if task == "classification" else "spent",
            "columns": {
                "at": {"type": "time"},
                "who": {"type": "category"},
                "spent": {"type": "number"},
                "member": {"type": "boolean"},
                "back": {"type": "category"},
            },
            "training": {"candidates": candidates, "min_rows": 50, **(training or {})},
            **changes,
        }
        return parse_definition("shops", document, "shops.toml")

    return make


@pytest.fixture
def make_receipt(define: Define) -> MakeReceipt:
    """Make a receipt of an upload in the year 2026, shaped by the definition unless told otherwise."""

    def make(digest: str, uploaded: str = "11-01", **changes: Any) -> Receipt:
        facts: dict[str, Any] = {
            "status": "kept",
            "model": "shops",
            "digest": digest,
            "content_sha256": f"content of {digest}",
            "source": UploadSource("inbox", f"shops/{digest}.csv", "", 0, f"2026-{uploaded}T00:00:00Z"),
            "definition": define().fingerprint,
            "finished_at": f"2026-{uploaded}T00:00:05Z",
            "parts": [KeptPart(f"curated/shops/{digest}/part-0000.parquet", 10)],
            "rows_kept": 10,
        }
        return Receipt(**facts | changes)

    return make
