"""The resident memory of the local cloud's function processes, as it goes on."""

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
    """Looks once a second while the block runs, at the children of the process `parent`.

    `seen` has a line for each process: (seconds from the beginning, MB), by the function's name and the process's id.
    """

    parent: int
    pause: float = 1.0
    seen: dict[tuple[str, int], list[tuple[float, float]]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Look from now on."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def largest(self, name: str) -> list[tuple[float, float]]:
        """The largest process of a function at each look."""
        found: dict[float, float] = {}
        for (function, _), seen in self.seen.items():
            for at, megabytes in seen if function == name else ():
                found[at] = max(megabytes, found.get(at, 0.0))
        return sorted(found.items())

    def _look(self) -> None:
        started = time.monotonic()
        while not self._stopping.wait(self.pause):
            at = time.monotonic() - started
            for pid in child_processes(self.parent):
                try:
                    name, megabytes = function_name(pid), resident_megabytes(pid)
                except OSError:  # it ended meanwhile
                    continue
                if name:
                    self.seen.setdefault((name, pid), []).append((at, megabytes))


def child_processes(parent: int) -> list[int]:
    """The ids of the processes that a process started (proc_pid_task_children(5))."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            continue
    return found


def function_name(pid: int) -> str:
    """Which function a process is one of; empty where it is none."""
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    named = next((each for each in variables if each.startswith(b"AWS_LAMBDA_FUNCTION_NAME=")), b"=")
    return named.partition(b"=")[2].decode().removeprefix("refrain-").removesuffix("-function")


def resident_megabytes(pid: int) -> float:
    """MB that a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
