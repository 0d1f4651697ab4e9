"""The file of a definition: `refrain apply`, `refrain try`, `make up` and the demo refuse what no run could train.

Functions cannot check this when they read a definition, since only training has scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import DefinitionError, read_definition

if TYPE_CHECKING:
    from pathlib import Path

    from refrain.applying.apply import AppliedChange
    from refrain.aws.storage import Store


def read_possible(path: Path) -> str:
    """Read the text of a definition whose candidates can all be made. Raises `DefinitionError`."""
    from refrain.training.candidate_checks import find_candidate_problems

    text = path.read_text(encoding="utf-8")
    problems = list(find_candidate_problems(read_definition(path.stem, text, path.name)))
    if problems:
        raise DefinitionError(path.name, "training.candidates", "; ".join(problems))
    return text


def apply_file(lake: Store, path: Path, by: str, expected: str | None = None) -> AppliedChange:
    """Let the definition of a file count. Raises `DefinitionError` and `DefinitionChanged`."""
    from refrain.applying.apply import apply_definition

    return apply_definition(lake, path.stem, read_possible(path), by, expected)
