"""Which users a recommender is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects
from refrain.evaluation.recommendation import RecommenderEvaluation
from refrain.lake.packed_columns import PackedFile
from refrain.lake.snapshot import write_snapshot_rows
from tests.stored import RUN
from tests.unit.recommendation.conftest import definition
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from preprocessing import RecommenderDefinition
    from refrain.lake.snapshot import SnapshotPart

__all__ = ["definition"]


def test_users_who_chose_anything_that_was_learned_are_not_compared(definition: RecommenderDefinition) -> None:
    # Given a user who heard a learned song, one who heard a song of training again, and one who heard a new one
    lake = tiny.Lake()
    training = [("ann", "s1"), ("bob", "s1"), ("cid", "s1")]
    holdout = [("ann", "s2"), ("ann", "s3"), ("bob", "s1"), ("bob", "s2"), ("cid", "s3")]
    sides: tuple[tuple[SnapshotPart, list[tuple[str, str]]], ...] = (("train", training), ("holdout", holdout))
    for side, rows in sides:
        users, songs = zip(*rows, strict=True)
        packed = PackedFile()
        times = np.zeros(len(rows), "datetime64[us]")
        packed.add({"who": objects(users), "song": objects(songs), "at": times, "seconds": np.ones(len(rows))})
        write_snapshot_rows(lake, "radio", RUN, side, packed)

    learned = np.array([True, False, True, False, False])
    copies = np.array([False, False, True, False, False])
    users_learned, users_copied = RecommenderEvaluation(lake, definition, RUN).left_out(learned, copies)

    assert users_learned.tolist() == [True, False, False]
    assert not users_copied.any()
