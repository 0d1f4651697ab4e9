"""One model version, loaded: from instances as a caller sends them to the graph's answer.

Inference serves by it and evaluation measures by it, so that what was measured is what answers.
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
    parse_definition,
    prepare,
    rows_to_lists,
)
from refrain.errors import BrokenVersion
from refrain.fast_path.answer_json import AnswerWriter
from refrain.fast_path.captured_rows import RowWriter
from refrain.fast_path.features import SEVERAL, RequestFeatures
from refrain.model.familiarity import Familiar
from refrain.model.onnx import RUNTIME_ERRORS, session
from refrain.model.parity import Replay, parity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

INPUT = "features"
OUTPUTS = {"classification": "probabilities", "regression": "value"}


class TabularModel:
    """One loaded version. Raises `BrokenVersion` when its files contradict each other or the graph fails.

    `aside` names the columns that say which row it is (key, event time) where these are no inputs;
    `form` is how its clean inputs are written when they are captured, `wording` how its answers are.
    """

    def __init__(self, manifest: Mapping[str, Any], definition: Definition, session: Any, familiar: Familiar) -> None:
        self.manifest = manifest
        self.version: str = manifest["version"]
        self.definition = definition
        self.vocabularies: Vocabularies = {name: tuple(known) for name, known in manifest["vocabularies"].items()}
        self.classes: tuple[str, ...] | None = tuple(manifest["classes"]) if manifest["classes"] else None
        self.familiar = familiar
        identity = dict.fromkeys(name for name in (*definition.key, definition.time) if name)
        self.aside = tuple(name for name in identity if name not in definition.inputs)
        self.form = RowWriter(definition.columns, definition.inputs, self.vocabularies)
        self.wording = AnswerWriter(self.classes)
        self._width = len(self.classes) if self.classes else 1
        self._listwise = RequestFeatures(definition, self.vocabularies)
        self._session = session
        self._outputs = [OUTPUTS[definition.task]]

    @classmethod
    def load(cls, manifest: Mapping[str, Any], model: bytes, baseline: Mapping[str, Any] | None = None) -> Self:
        """Make a version ready to answer; without its baseline nothing is unfamiliar to it."""
        version = str(manifest.get("version"))
        try:
            definition = parse_definition(manifest["model"], manifest["definition"], f"manifest of {version}")
            if tuple(manifest["features"]) != definition.features:
                raise BrokenVersion(version, "its features are not those that the preprocessing layer makes")
            familiar = Familiar.of(baseline, definition.features)
            loaded = cls(manifest, definition, session(version, model), familiar)
        except (KeyError, TypeError, ValueError, AttributeError, PreprocessingError) as error:
            raise BrokenVersion(version, f"its files are damaged ({type(error).__name__}: {error})") from error
        loaded._check_graph()
        return loaded

    def prepare(self, instances: Sequence[Mapping[str, object]]) -> tuple[Columns | Lists, list[Problem]]:
        """Turn instances (column to JSON value) into clean columns, and list the values that cannot be used."""
        return self.prepare_lists(rows_to_lists(instances, self.definition.inputs), len(instances))

    def prepare_lists(self, raw: Lists, rows: int) -> tuple[Columns | Lists, list[Problem]]:
        """Do the same with columns of JSON values, of length `rows`; they stay lists, unless there is a problem."""
        prepared = self._listwise.prepare(raw, rows)
        if prepared is not None:
            return prepared, []
        return self.prepare_columns({name: objects(values) for name, values in raw.items()}, rows)

    def prepare_columns(self, raw: Mapping[str, Array], rows: int) -> tuple[Columns, list[Problem]]:
        """Do the same with arrays of JSON values, whatever the number of rows."""
        return prepare(self.definition, raw, rows, columns=self.definition.inputs)

    def encode(self, columns: Columns | Lists) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """Make the feature matrix, float32 [rows, features], from clean columns."""
        if _are_lists(columns):
            return self._listwise.encode(columns)
        return encode(self.definition, self.vocabularies, columns)

    def score(self, matrix: Array) -> Array:
        """Run the graph: float32 [rows, classes] for classification, [rows, 1] for regression."""
        try:
            answer = self._session.run(self._outputs, {INPUT: matrix})[0]
        except RUNTIME_ERRORS as error:
            raise BrokenVersion(self.version, f"its graph fails ({type(error).__name__}: {error})") from error
        wanted = (len(matrix), self._width)
        if answer.shape == wanted:
            return cast("Array", answer)
        if answer.size != wanted[0] * wanted[1]:
            found = f"its graph answers {answer.shape} to {len(matrix)} rows, not {self._width} each"
            raise BrokenVersion(self.version, found)
        return np.asarray(answer).reshape(wanted)

    def predict_columns(self, columns: Columns | Lists) -> Array:
        """Score clean columns."""
        return self.score(self.encode(columns))

    def replay(self, golden: Mapping[str, Any]) -> Replay:
        """Answer the golden rows again, through all of the serving code, and compare with what training answered.

        As arrays, as lists, and some rows at a time: every way of the preprocessing layer is proved.
        """
        try:
            rows = golden["rows"]
            some = [rows[at : at + SEVERAL - 1] for at in range(0, len(rows), SEVERAL - 1)]
            arrays = {name: objects(values) for name, values in rows_to_lists(rows, self.definition.inputs).items()}
            as_arrays = [self.prepare_columns(arrays, len(rows))] if rows else []
            ways = [
                self._golden(way) for way in (as_arrays, [self.prepare(rows)][: len(rows)], map(self.prepare, some))
            ]
            expected = np.array(golden["answers"], dtype=np.float64)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BrokenVersion(self.version, f"its golden rows are damaged ({type(error).__name__})") from error
        found = [self._compared(parts, expected) for parts in ways]
        return max(found, key=lambda each: (each.differing_labels, each.max_difference))

    def _golden(self, prepared: Iterable[tuple[Columns | Lists, list[Problem]]]) -> list[Columns | Lists]:
        parts = []
        for columns, problems in prepared:
            if problems:
                reason = f"its golden rows are refused: {problems[0].column} {problems[0].reason}"
                raise BrokenVersion(self.version, reason)
            parts.append(columns)
        return parts

    def _compared(self, parts: Sequence[Columns | Lists], expected: Array) -> Replay:
        answered = np.concatenate([self.predict_columns(part) for part in parts]) if parts else expected
        if answered.shape != expected.shape:
            raise BrokenVersion(self.version, f"its golden answers are {expected.shape}, not {answered.shape}")
        found = parity(self.definition.task, expected, answered)
        return Replay(found.rows, found.max_difference, found.differing)

    def _check_graph(self) -> None:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        names = [each.name for each in inputs], [each.name for each in outputs]
        if names != ([INPUT], self._outputs):
            raise BrokenVersion(self.version, f"its graph goes from {names[0]} to {names[1]}")
        if inputs[0].shape[-1] not in (len(self.definition.features), None):
            raise BrokenVersion(self.version, f"its graph takes {inputs[0].shape[-1]} features")
        if (self.classes is None) != (self.definition.task == "regression"):
            raise BrokenVersion(self.version, "its classes do not fit its task")


def _are_lists(columns: Columns | Lists) -> TypeIs[Lists]:
    return isinstance(next(iter(columns.values())), list)
