"""Forget people in the frozen rows of runs, and in whatever stands beside these rows in their order.

What depends on the rows is rewritten first and the rows last, so that a repetition after a crash still finds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import encode
from refrain.errors import NotFound
from refrain.forgetting.forgotten_golden import forget_golden
from refrain.lake.judged_rows import JudgedRows
from refrain.lake.learned_rows import read_row_hashes, write_row_hashes
from refrain.lake.packed_columns import PackedFile, fit_to, join_rows, select_rows
from refrain.lake.snapshot import list_run_folders, read_snapshot_rows, snapshot_key, write_snapshot_rows
from refrain.lake.version import Manifest, Side, list_versions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from preprocessing import Columns
    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store
    from refrain.forgetting.people import People

type SideMasks = Mapping[Side, NDArray[np.bool_]]
"""The people's rows among those of each side of a snapshot."""

SIDES: tuple[Side, ...] = ("train", "holdout")


def find_learned(store: Store, people: People) -> tuple[list[str], list[str]]:
    """Find the versions that learned from them, and those of whose rows nobody can tell; nothing is changed."""
    model = people.definition.model
    masks: dict[str, SideMasks] = {}
    learned, undecided = [], []
    for manifest in read_manifests(store, model):
        if manifest.run not in masks:
            masks[manifest.run] = _read_masks(store, people, manifest.run)
        of_run = masks[manifest.run]
        if not set(manifest.snapshot.sides) <= of_run.keys():
            undecided.append(manifest.version)
        elif any(of_run[side].any() for side in manifest.snapshot.sides):
            learned.append(manifest.version)
    return learned, undecided


def forget_snapshots(store: Store, people: People, lake: ObjectVersions) -> int:
    """Remove their rows from every snapshot; return how many they were."""
    model, removed = people.definition.model, 0
    manifests = read_manifests(store, model)
    for run in list_run_folders(store, model):
        masks = _read_masks(store, people, run)
        count = sum(int(mask.sum()) for mask in masks.values())
        if count:
            _forget_run(store, people, run, masks, [item for item in manifests if item.run == run], lake)
            removed += count
    return removed


def read_manifests(store: Store, model: str) -> list[Manifest]:
    """Read the manifests of all versions; one without a manifest is none yet."""
    manifests = []
    for version in list_versions(store, model):
        try:
            manifests.append(Manifest.read(store, model, version))
        except NotFound:
            continue
    return manifests


def _read_masks(store: Store, people: People, run: str) -> SideMasks:
    masks: dict[Side, NDArray[np.bool_]] = {}
    for side in SIDES:
        try:
            rows = read_snapshot_rows(store, people.definition.model, run, side)
        except NotFound:
            continue
        if all(name in rows for name in people.names):
            raw = {name: rows[name] for name in people.names}
            masks[side] = people.mark(raw, len(raw[people.names[0]]))
    return masks


def _forget_run(
    store: Store, people: People, run: str, masks: SideMasks, manifests: Iterable[Manifest], lake: ObjectVersions
) -> None:
    model = people.definition.model
    sides = {side: read_snapshot_rows(store, model, run, side) for side in masks}
    theirs, all_others = (
        join_rows(*(select_rows(sides[side], mask == are_theirs) for side, mask in masks.items()))
        for are_theirs in (True, False)
    )
    for manifest in manifests:
        forget_golden(store, manifest, theirs, all_others)
        _forget_judged(store, manifest, theirs)
    _forget_hashes(store, model, run, masks)
    for key in store.keys(snapshot_key(model, run, "answers/")):  # read by their own run alone, which is over
        lake.delete_all(key)
    for side, mask in masks.items():
        packed = PackedFile()
        first = 0
        for block in sides[side].in_blocks():
            rows = len(next(iter(block.values())))
            kept = ~mask[first : first + rows]
            packed.add({name: array[kept] for name, array in block.items()})
            first += rows
        write_snapshot_rows(store, model, run, side, packed)


def _forget_judged(store: Store, manifest: Manifest, theirs: Columns) -> None:
    """Remove the judged rows that are like theirs for the model: they have no key."""
    judged = None if manifest.judged else JudgedRows.read(store, manifest)
    if judged is None:
        return
    definition = manifest.parse_definition()
    matrix = encode(definition, manifest.vocabularies, fit_to(definition, theirs))
    kept = ~np.isin(_as_bytes(judged.matrix), _as_bytes(matrix))
    judged.select(kept).write(store, manifest)


def _as_bytes(matrix: NDArray[np.float32]) -> NDArray[np.void]:
    rows = np.ascontiguousarray(matrix)
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()


def _forget_hashes(store: Store, model: str, run: str, masks: SideMasks) -> None:
    """Remove the hashes of their rows, unless an interrupted request has done so before."""
    try:
        hashes = {side: read_row_hashes(store, model, run, [side]) for side in SIDES}
    except NotFound:
        return
    left = [
        hashes[side][~masks[side]] if side in masks and len(hashes[side]) == len(masks[side]) else hashes[side]
        for side in SIDES
    ]
    holdout = np.repeat([False, True], [len(side) for side in left])
    write_row_hashes(store, model, run, np.concatenate(left), holdout)
