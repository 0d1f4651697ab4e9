"""The memory of function processes is read from the system."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.process_memory import MemoryWatch, child_processes, function_name, resident_megabytes

if TYPE_CHECKING:
    from collections.abc import Mapping


def waiting(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process that has started, and ends with its input."""
    code = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


def test_the_process_of_a_function_is_recognised_by_its_variables() -> None:
    with waiting({"AWS_LAMBDA_FUNCTION_NAME": "refrain-inference-function"}) as process, waiting({}) as other:
        assert {process.pid, other.pid} <= set(child_processes(os.getpid()))
        assert function_name(process.pid) == "inference"
        assert function_name(other.pid) == ""
        assert 1 < resident_megabytes(process.pid) < 1000
        for child in (process, other):
            child.communicate()

    assert process.pid not in child_processes(os.getpid())


def test_the_largest_process_of_a_function_counts() -> None:
    footprint = MemoryWatch(0)
    footprint.seen = {("a", 1): [(1.0, 50.0), (2.0, 60.0)], ("a", 2): [(2.0, 70.0)], ("b", 3): [(1.0, 90.0)]}

    assert footprint.largest("a") == [(1.0, 50.0), (2.0, 70.0)]
