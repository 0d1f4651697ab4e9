"""Records the resident memory of the local cloud's function processes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

PAGE_MB = 4096 / 1024 / 1024


@dataclass
class MemoryWatch:
    """Measures the child processes of `parent` once a second while the block runs.

    `seen` has the samples (seconds from the start, MB) of each process, by the function's name and the process id.
    """

    parent: int
    pause: float = 1.0
    seen: dict[tuple[str, int], list[tuple[float, float]]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Start."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self._stopping.set()
        self._thread.join()

    def largest(self, name: str) -> list[tuple[float, float]]:
        """Return the largest process of a function at each time."""
        largest: dict[float, float] = {}
        for (function, _), seen in self.seen.items():
            for at, megabytes in seen if function == name else ():
                largest[at] = max(megabytes, largest.get(at, 0.0))
        return sorted(largest.items())

    def _look(self) -> None:
        started = time.monotonic()
        while not self._stopping.wait(self.pause):
            at = time.monotonic() - started
            for pid in child_processes(self.parent):
                try:
                    name, megabytes = function_name(pid), resident_megabytes(pid)
                except OSError:  # it has ended
                    continue
                if name:
                    self.seen.setdefault((name, pid), []).append((at, megabytes))


def child_processes(parent: int) -> list[int]:
    """List the processes that a process started (proc_pid_task_children(5))."""
    processes: list[int] = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            processes += map(int, task.read_text().split())
        except OSError:
            continue
    return processes


def function_name(pid: int) -> str:
    """Name the function that a process runs; empty for other processes."""
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    name = next((variable for variable in variables if variable.startswith(b"AWS_LAMBDA_FUNCTION_NAME=")), b"=")
    return name.partition(b"=")[2].decode().removeprefix("refrain-").removesuffix("-function")


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
