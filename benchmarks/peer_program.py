"""Asks a peer's program in the peer's environment: arrays go there by a file, an answer comes back as JSON."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.environments import PEERS, make_environment, peer_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    type Arrays = Mapping[str, NDArray[Any]]
    type Ask = Callable[[Arrays], Any]

SILENT = {"NML_DISABLE_USAGE_LOGGING": "1"}
"""NannyML reports its usage where nobody forbids it."""


@contextmanager
def peer_program(name: str, program: str) -> Iterator[Ask]:
    """Start a program of a peer, and yield a function that asks it.

    Raises:
        NotInstalled: when its environment cannot be made.
    """
    python = make_environment(name) / "bin" / "python"
    with asked_program(python, PEERS / name / f"{program}.py") as ask:
        yield ask


@contextmanager
def asked_program(python: Path, program: Path) -> Iterator[Ask]:
    """Start a program with an interpreter; it starts once, since importing a peer takes seconds."""
    command = [str(python), "-P", "-W", "ignore", str(PEERS / "answer.py"), str(program)]
    pipe, variables = subprocess.PIPE, peer_variables() | SILENT
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=variables) as process:
        questions, answers = process.stdin, process.stdout
        assert questions, "it is a pipe"
        assert answers, "it is a pipe"

        def ask(arrays: Arrays) -> Any:
            with NamedTemporaryFile(suffix=".npz") as file:
                np.savez(file, allow_pickle=False, **arrays)
                file.flush()
                questions.write(f"{file.name}\n")
                line = answers.readline()
            if not line:
                raise ChildProcessError(f"{program} ended without an answer")
            return json.loads(line)

        yield ask
