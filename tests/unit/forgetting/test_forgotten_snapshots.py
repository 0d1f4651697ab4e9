"""What stands beside the rows of a run stays aligned with them, wherever the people stand among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from preprocessing import encode, objects, parse_definition
from refrain.forgetting import forgotten_snapshots
from refrain.forgetting.forgotten_snapshots import find_learned, forget_snapshots
from refrain.forgetting.people import read_people
from refrain.lake.judged_rows import JudgedRows
from refrain.lake.learned_rows import read_row_hashes, write_row_hashes
from refrain.lake.packed_columns import PackedFile
from refrain.lake.snapshot import read_snapshot_rows, snapshot_key, write_candidate_answers, write_snapshot_rows
from refrain.statistics.hashing import row_hashes
from tests.stored import RUN, make_manifest
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from refrain.aws.object_versions import ObjectVersions
    from refrain.lake.snapshot import SnapshotPart

DEFINITION = parse_definition(
    "flats",
    {**tiny.FLATS, "key": ["flat"], "columns": {**tiny.FLATS["columns"], "flat": {"type": "category"}}},
    "flats.toml",
)
MANIFEST = make_manifest(DEFINITION, f"{RUN}-linear")
PEOPLE = read_people(DEFINITION, [{"flat": "a"}, {"flat": "b"}])
FLATS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12)


class Versions:
    """The versions of a bucket in memory, which has none but the current ones."""

    def __init__(self, lake: tiny.Lake) -> None:
        self._lake = lake

    def delete_all(self, key: str) -> int:
        """Delete an object."""
        self._lake._store.delete(key)
        return 1


def columns(flats: list[str]) -> dict[str, Any]:
    areas = np.array([ord(flat) * 1.5 for flat in flats])
    return {"flat": objects(flats), "area": areas, "rooms": areas / 40, "price": areas * 1000}


def make_run(train: list[str], holdout: list[str]) -> tiny.Lake:
    """A run with these flats on both sides; the rows of the holdout are those that judged its version."""
    lake = tiny.Lake()
    parts: dict[SnapshotPart, list[str]] = {"train": train, "holdout": holdout}
    for part, flats in parts.items():
        packed = PackedFile()
        packed.add(columns(flats))
        write_snapshot_rows(lake, "flats", RUN, part, packed)
    hashes = row_hashes(columns([*train, *holdout]), ["flat"])
    write_row_hashes(lake, "flats", RUN, hashes, np.arange(len(hashes)) >= len(train))
    write_candidate_answers(lake, "flats", RUN, "linear", {"answers": np.zeros((len(holdout), 1))})
    MANIFEST.write(lake, "flats", MANIFEST.version)
    judged = columns(holdout)
    matrix = encode(DEFINITION, {}, {name: judged[name] for name in DEFINITION.inputs})
    JudgedRows(matrix, judged["price"], judged["price"].reshape(-1, 1)).write(lake, MANIFEST)
    return lake


def check_left(lake: tiny.Lake, train: list[str], holdout: list[str]) -> None:
    """All others are left in their order, on both sides and in whatever stands beside them."""
    parts: dict[Any, list[str]] = {"train": train, "holdout": holdout}
    for side, flats in parts.items():
        left = [flat for flat in flats if flat not in "ab"]
        rows = read_snapshot_rows(lake, "flats", RUN, side)
        assert rows["flat"].tolist() == left
        assert read_row_hashes(lake, "flats", RUN, [side]).tolist() == row_hashes(rows, ["flat"]).tolist()
    judged = JudgedRows.read(lake, MANIFEST)
    assert judged is not None
    assert judged.truth.tolist() == columns([flat for flat in holdout if flat not in "ab"])["price"].tolist()


@given(FLATS, FLATS)
@hypothesis_settings(max_examples=30, deadline=None)
def test_all_others_stay_aligned_wherever_the_people_stand(train: list[str], holdout: list[str]) -> None:
    lake = make_run(train, holdout)
    versions = cast("ObjectVersions", Versions(lake))
    count = sum(flat in "ab" for flat in [*train, *holdout])

    assert find_learned(lake, PEOPLE) == ([MANIFEST.version] if set(train) & {"a", "b"} else [], [])
    assert [forget_snapshots(lake, PEOPLE, versions) for _ in range(2)] == [count, 0]

    check_left(lake, train, holdout)
    assert (lake.keys(snapshot_key("flats", RUN, "answers/")) == []) == bool(count)
    assert find_learned(lake, PEOPLE) == ([], [])


@pytest.mark.parametrize("crash_at", [0, 1])
def test_a_crash_between_the_two_sides_leaves_nothing_out_of_line(
    crash_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, holdout = list("cadbea"), list("bfag")
    lake = make_run(train, holdout)
    versions = cast("ObjectVersions", Versions(lake))
    write, calls = write_snapshot_rows, []

    def crash(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) > crash_at:
            arguments[4].finish()
            raise KeyboardInterrupt
        write(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(forgotten_snapshots, "write_snapshot_rows", crash)
        with pytest.raises(KeyboardInterrupt):
            forget_snapshots(lake, PEOPLE, versions)
    forget_snapshots(lake, PEOPLE, versions)

    check_left(lake, train, holdout)


def test_a_version_whose_rows_have_no_such_column_is_undecided() -> None:
    lake = tiny.Lake()
    MANIFEST.write(lake, "flats", MANIFEST.version)

    assert find_learned(lake, PEOPLE) == ([], [MANIFEST.version])
