"""Every key of the lake is made here, and nowhere else."""

from __future__ import annotations


def curated(model: str, digest: str, part: int) -> str:
    """Clean rows of one upload (Parquet)."""
    return f"curated/{model}/{digest}/part-{part:04d}.parquet"


def rejected(model: str, digest: str) -> str:
    """Rows of one upload that could not be used (JSON lines, gzip)."""
    return f"rejected/{model}/{digest}.jsonl.gz"


def receipts(model: str) -> str:
    """Prefix of a model's receipts."""
    return f"receipts/{model}/"


def receipt(model: str, digest: str) -> str:
    """What became of one upload; written last."""
    return f"{receipts(model)}{digest}.json"


def snapshot(model: str, run: str, name: str) -> str:
    """A file of one retraining run: `train.npz`, `holdout.npz`, `snapshot.json`, `evaluation.json`, `report.html`."""
    return f"snapshots/{model}/{run}/{name}"


def answers(model: str, run: str, candidate: str) -> str:
    """What one candidate's pipeline answered for every holdout row (npz)."""
    return snapshot(model, run, f"answers/{candidate}.npz")


def version(model: str, version: str, name: str) -> str:
    """A file of a model version: `model.onnx`, `manifest.json`, `baseline.json`, `golden.json`, `report.html`."""
    return f"versions/{model}/{version}/{name}"


def deployments() -> str:
    """Prefix of all deployments."""
    return "deployments/"


def deployment(model: str) -> str:
    """The only mutable object of a model: who is champion."""
    return f"deployments/{model}.json"


def deployment_log(model: str, time: str, version: str) -> str:
    """One entry of the append-only log; `time` sorts as text."""
    return f"deployments/{model}/log/{time}-{version}.json"
