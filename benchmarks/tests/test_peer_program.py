"""A peer's program answers question after question, whatever it prints, and its end is an error."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peer_program import asked_program

SUMS = """
print("a library greets")

def answer(arrays):
    print("and reports")
    return [float(arrays["rows"].sum()), arrays["names"].tolist()]
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(SUMS)
    return path


def test_a_program_answers_until_nobody_asks(program: Path) -> None:
    with asked_program(Path(sys.executable), program) as ask:
        answers = [ask({"rows": np.arange(count), "names": np.array(["a", "bc"])}) for count in (3, 4)]

    assert answers == [[3.0, ["a", "bc"]], [6.0, ["a", "bc"]]]


def test_a_program_that_ends_gives_no_answer(program: Path) -> None:
    program.write_text("def answer(arrays):\n    raise SystemExit\n")

    with (
        pytest.raises(ChildProcessError, match=r"program\.py ended without an answer"),
        asked_program(Path(sys.executable), program) as ask,
    ):
        ask({"rows": np.arange(2)})


def test_objects_are_refused_since_they_would_need_a_pickle(program: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"), asked_program(Path(sys.executable), program) as ask:
        ask({"rows": np.array(["a", None], object)})
