"""Proves an imported version before it is written: over HTTP it answers every row as the model itself does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import present
from refrain.errors import CannotImport
from refrain.lake.learned_rows import write_row_hashes
from refrain.model.parity import parity
from refrain.model.tabular import TabularModel
from refrain.words import figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Columns
    from refrain.aws.storage import Store
    from refrain.importing.imported_model import ImportedModel
    from refrain.lake.footprint import Footprint
    from refrain.lake.parity_figures import Parity
    from refrain.lake.version import VersionFiles


def prove_version(imported: ImportedModel, files: VersionFiles) -> Parity:
    """Hold the model's own answers against the version's, to the rows and to its golden rows. Raises `CannotImport`."""
    served = TabularModel.load(files.manifest, files.model, files.baseline, files.familiar)
    proof = _compare(imported, served)
    golden = served.replay(files.golden)
    if not golden.holds:
        raise CannotImport(
            f"the version would answer {golden.differing} of {golden.rows} unusual rows otherwise than the model "
            f"(by up to {figure(golden.max_difference)}): rows with missing, unknown or extreme values"
        )
    return proof


def write_version(store: Store, files: VersionFiles, footprint: Footprint, hashes: NDArray[np.uint64]) -> None:
    """Write a version with the hashes of the rows that count as learned, so that no run judges it by them."""
    manifest = files.manifest
    write_row_hashes(store, manifest.model, manifest.run, hashes, np.zeros(len(hashes), bool))
    footprint.write(store, manifest.model, manifest.version)
    files.write(store)


def _compare(imported: ImportedModel, served: TabularModel) -> Parity:
    answered = np.concatenate([_answer(served, imported.columns, row) for row in range(len(imported.answers))])
    proof = parity(served.definition.task, imported.answers, answered)
    if not proof.holds:
        worst = int(np.argmax(np.abs(imported.answers - answered).max(axis=1)))
        raise CannotImport(
            f"the version would answer {proof.differing} of {proof.rows} rows otherwise than the model, by up to "
            f"{figure(proof.max_difference)}: to {_row(served, imported.columns, worst)} the model answers "
            f"{imported.answers[worst].tolist()} and the version {answered[worst].tolist()}"
        )
    return proof


def _answer(served: TabularModel, columns: Columns, row: int) -> Array:
    prepared, problems = served.prepare([_row(served, columns, row)])
    if problems:
        raise CannotImport(f"a row is refused: {problems[0].column} {problems[0].reason}")
    return served.predict_columns(prepared)


def _row(served: TabularModel, columns: Columns, row: int) -> dict[str, object]:
    inputs = {name: columns[name] for name in served.definition.inputs}
    return present(inputs, served.definition.columns, row)
