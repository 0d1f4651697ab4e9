"""Drafts a definition for a model that was fitted elsewhere: its columns are of the types that it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from preprocessing.cells import MISSING_MARKS
from refrain.drafting.training_draft import draft_training
from refrain.errors import CannotImport

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from preprocessing.definition import Task
    from refrain.drafting.column_guess import ColumnGuess
    from refrain.drafting.table_draft import TableDraft

REASON = "the imported model takes it"


def draft_for_model(
    draft: TableDraft,
    classes: Sequence[str] | None,
    categories: Mapping[str, Collection[str]],
    numbers: Collection[str],
    rows: int,
) -> TableDraft:
    """Return the draft for a model with these columns; no text that a category knows means missing there.

    Other columns stay as they are, for the candidates of later runs. Raises `CannotImport` for a column that the file
    does not have.
    """
    guesses = {guess.name: guess for guess in draft.columns}
    if absent := [name for name in (*categories, *numbers) if name not in guesses]:
        raise CannotImport(f"the model takes {absent[0]!r}, and the file has no such column; name its columns")
    marks = MISSING_MARKS.union(draft.source.get("missing", ()))
    changed = {name: _as_category(guesses[name], texts, marks) for name, texts in categories.items()}
    changed |= {name: _as_number(guesses[name]) for name in numbers}
    if guesses[draft.target].type == "boolean" and not set(classes or ()) <= {"true", "false"}:
        changed[draft.target] = replace(guesses[draft.target], type="category", reason="the target")
    draft = replace(draft, columns=[changed.get(guess.name, guess) for guess in draft.columns])
    task: Task = "regression" if classes is None else "classification"
    return draft if draft.task == task else _as_task(draft, task, classes or (), rows)


def _as_category(guess: ColumnGuess, texts: Collection[str], marks: Collection[str]) -> ColumnGuess:
    keys: dict[str, Any] = {}
    if any(text in marks or text.casefold() in marks for text in texts):
        keys["only_missing"] = []
    if own := [mark for mark in guess.keys.get("missing", ()) if mark not in texts]:
        keys["missing"] = own
    if any(map(str.isdigit, texts)):
        keys["whole"] = True
    return replace(guess, type="category", keys=keys, reason=REASON, left_out="")


def _as_number(guess: ColumnGuess) -> ColumnGuess:
    keys = {name: value for name, value in guess.keys.items() if name != "role"}
    if guess.type not in ("number", "boolean"):
        guess, keys = replace(guess, type="number"), {}
    return replace(guess, keys=keys, reason=REASON, left_out="")


def _as_task(draft: TableDraft, task: Task, classes: Sequence[str], rows: int) -> TableDraft:
    """Change the task to that of the model; numbers may be classes or values."""
    training, reasons = draft_training(task, rows, classes, draft.roles.group)
    return replace(
        draft, task=task, training=training, reasons={**draft.reasons, **reasons, "task": "that of the imported model"}
    )
