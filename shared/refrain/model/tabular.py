"""A version for tabular rows, loaded: from instances as a caller sends them to the graph's answer.

Inference serves with it and evaluation measures with it, so that what was measured is what answers.

There are two ways from values to features. The plain way is the preprocessing layer's, on columns (numpy arrays): it
takes any number of rows and names every value that cannot be used. The fast path (`refrain.fast_path`) reads the same
values as lists. `prepare` tries the fast path first and takes the plain way where a value cannot be used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeIs, cast

import numpy as np

from preprocessing import (
    Array,
    Columns,
    Definition,
    Lists,
    PreprocessingError,
    Problem,
    Vocabularies,
    encode,
    objects,
    prepare,
    rows_to_lists,
)
from preprocessing.own_functions import digest_functions
from refrain.errors import BrokenVersion
from refrain.fast_path.answer_json import FLOAT32_DIGITS, AnswerWriter
from refrain.fast_path.captured_rows import RowWriter
from refrain.fast_path.features import MIN_ROWS_BY_COLUMN, RequestFeatures
from refrain.model.familiarity import Familiarity
from refrain.model.loaded_model import LoadedModel, check_golden_rows, damaged
from refrain.model.onnx import check_signature, open_graph, run_graph
from refrain.model.parity import measure_rounding, parity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from refrain.lake.parity_figures import AnswerRounding, AnswerSpread, Parity
    from refrain.lake.version import Baseline, Golden, Manifest

INPUT = "features"
OUTPUTS = {"classification": "probabilities", "regression": "value"}


class TabularModel(LoadedModel):
    """One loaded version of a classification or a regression.

    `identity_columns` say which row it is (key, event time) and are not inputs; `answer_writer` writes answers,
    `row_writer` the clean inputs when they are captured.
    """

    def __init__(self, manifest: Manifest, definition: Definition, graph: Any, familiar: Familiarity) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.definition = definition
        self.vocabularies: Vocabularies = manifest.vocabularies
        self.classes = manifest.classes or None
        self.familiar = familiar
        identity = dict.fromkeys(name for name in (*definition.key, definition.time) if name)
        self.identity_columns = tuple(name for name in identity if name not in definition.inputs)
        self.row_writer = RowWriter(definition.columns, definition.inputs, self.vocabularies)
        digits = manifest.target_scale.digits if manifest.target_scale else FLOAT32_DIGITS
        self.answer_writer = AnswerWriter(self.classes, digits)
        self._width = len(self.classes) if self.classes else 1
        self._request_features = RequestFeatures(definition, self.vocabularies)
        self._graph = graph
        self._outputs = [OUTPUTS[definition.task]]

    @classmethod
    def load(
        cls, manifest: Manifest, model: bytes, baseline: Baseline | None = None, familiar_npz: bytes | None = None
    ) -> Self:
        """Make a version ready to answer; without a baseline, every row counts as familiar."""
        version = manifest.version
        try:
            definition = manifest.parse_definition()
            if manifest.features != definition.features:
                raise BrokenVersion(version, "its features are not those that the preprocessing layer makes")
            _check_functions(manifest, definition)
            familiar = Familiarity.of(baseline, definition.features, familiar_npz, version)
            loaded = cls(manifest, definition, open_graph(version, model), familiar)
        except (KeyError, TypeError, ValueError, AttributeError, PreprocessingError) as error:
            raise damaged(version, "files", error) from error
        loaded._check_graph()
        return loaded

    def answer(self, instances: Sequence[Mapping[str, object]]) -> Array:
        """Return the scores of instances that are known to be usable."""
        return self.predict_columns(self.prepare(instances)[0])

    def prepare(self, instances: Sequence[Mapping[str, object]]) -> tuple[Columns | Lists, list[Problem]]:
        """Turn instances (column to JSON value) into clean columns, and list the values that cannot be used."""
        return self.prepare_lists(rows_to_lists(instances, self.definition.inputs), len(instances))

    def prepare_lists(self, raw: Lists, rows: int) -> tuple[Columns | Lists, list[Problem]]:
        """Prepare columns of JSON values, of length `rows`: by the fast path, unless a value cannot be used."""
        prepared = self._request_features.prepare(raw, rows)
        if prepared is not None:
            return prepared, []
        return self.prepare_columns({name: objects(values) for name, values in raw.items()}, rows)

    def prepare_columns(self, raw: Mapping[str, Array], rows: int) -> tuple[Columns, list[Problem]]:
        """Prepare arrays of JSON values in the plain way."""
        return prepare(self.definition, raw, rows, columns=self.definition.inputs)

    def encode(self, columns: Columns | Lists) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """Make the feature matrix, float32 [rows, features], from clean columns."""
        if _are_lists(columns):
            return self._request_features.encode(columns)
        return encode(self.definition, self.vocabularies, columns)

    def score(self, matrix: Array) -> Array:
        """Run the graph: float32 [rows, classes], or float64 [rows, 1] in the target's own units.

        Every answer comes from here: those to callers, and those that are measured, replayed and captured.
        """
        scores = run_graph(self.version, self._graph, self._outputs, {INPUT: matrix})[0]
        shape = (len(matrix), self._width)
        if scores.shape != shape:
            if scores.size != shape[0] * shape[1]:
                reason = f"its graph answers {scores.shape} to {len(matrix)} rows, expected {self._width} numbers a row"
                raise BrokenVersion(self.version, reason)
            scores = np.asarray(scores).reshape(shape)
        scale = self.manifest.target_scale
        return cast("Array", scores) if scale is None else scale.to_own_units(scores)

    def predict_columns(self, columns: Columns | Lists) -> Array:
        """Score clean columns."""
        return self.score(self.encode(columns))

    def replay(self, golden: Golden) -> Parity:
        """Answer the golden rows again and compare with what training answered.

        In the plain way, by the fast path column by column, and by the fast path row by row: the worst counts.
        """
        try:
            rows = golden.rows
            size = MIN_ROWS_BY_COLUMN - 1
            arrays = {name: objects(values) for name, values in rows_to_lists(rows, self.definition.inputs).items()}
            ways = [
                self._golden_columns([self.prepare_columns(arrays, len(rows))] if rows else []),
                self._golden_columns([self.prepare(rows)] if rows else []),
                self._golden_columns(self.prepare(rows[start : start + size]) for start in range(0, len(rows), size)),
            ]
            expected = np.array(golden.answers, dtype=np.float64)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(self.version, "golden rows", error) from error
        results = [self._compare_answers(parts, expected, golden.spread) for parts in ways]
        return max(results, key=lambda result: (result.differing, result.max_difference))

    def measure_rounding(self, expected: Array, scores: Array) -> AnswerRounding | None:
        """Write scores as callers read them, and measure how far they lie from scikit-learn's; None for classes."""
        if self.manifest.target_scale is None:
            return None
        answered = np.array(self.answer_writer.numbers(scores.ravel().tolist()), dtype=np.float64)
        return measure_rounding(self.manifest.target_scale, expected, answered)

    def _golden_columns(self, prepared: Iterable[tuple[Columns | Lists, list[Problem]]]) -> list[Columns | Lists]:
        parts = []
        for columns, problems in prepared:
            check_golden_rows(self.version, problems)
            parts.append(columns)
        return parts

    def _compare_answers(
        self, parts: Sequence[Columns | Lists], expected: Array, spread: AnswerSpread | None
    ) -> Parity:
        answered = np.concatenate([self.predict_columns(part) for part in parts]) if parts else expected
        if answered.shape != expected.shape:
            raise BrokenVersion(self.version, f"its golden answers are {expected.shape}, not {answered.shape}")
        return parity(self.definition.task, expected, answered, spread)

    def _check_graph(self) -> None:
        check_signature(self.version, self._graph, [INPUT], self._outputs)
        width = self._graph.get_inputs()[0].shape[-1]
        if width not in (self.definition.matrix_width, None):
            raise BrokenVersion(self.version, f"its graph takes {width} features")
        if (self.classes is None) != (self.definition.task == "regression"):
            raise BrokenVersion(self.version, "its classes do not fit its task")


def _check_functions(manifest: Manifest, definition: Definition) -> None:
    present = digest_functions(definition.derived)
    changed = [make for make, digest in present.items() if manifest.functions.get(make) != digest]
    if changed:
        reason = f"{', '.join(changed)} of the preprocessing layer is another function than in its training"
        raise BrokenVersion(manifest.version, reason)


def _are_lists(columns: Columns | Lists) -> TypeIs[Lists]:
    return isinstance(next(iter(columns.values())), list)
