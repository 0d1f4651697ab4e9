"""Every key of the lake is made here, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime


def captured(model: str, moment: datetime, name: str) -> str:
    """Lines of what was asked and answered (JSON lines, gzip), delivered in the hour (UTC) of its folder."""
    return f"{captured_in(model)}{moment:%Y/%m/%d/%H}/{name}.jsonl.gz"


def captured_in(model: str) -> str:
    """Prefix of all captured lines of a model; below it are folders by the hour."""
    return f"captured/{model}/"


def interactions_key(model: str, uploaded: datetime, digest: str, part: int) -> str:
    """The interactions of one part of an upload (npz), by the time (UTC) of upload."""
    return f"{interactions_prefix(model)}{uploaded:%Y/%m/%d/%H/%Y%m%dT%H%M%S%f}-{digest}-{part:04d}.npz"


def interactions_prefix(model: str) -> str:
    """Prefix of all interactions of a recommender; below it are folders by the hour."""
    return f"interactions/{model}/"


def time_of_interactions(key: str) -> datetime:
    """When interactions were uploaded (UTC), by their key."""
    moment = key.rpartition("/")[2].partition("-")[0]
    return datetime.strptime(moment, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)


def digest_of_interactions(key: str) -> str:
    """The digest of the upload that interactions are of, by their key."""
    return key.rpartition("/")[2].split("-")[1]
