"""Runs a function as Lambda does: each call takes an idle process, or starts a new one."""

import os
import shutil
import threading
from pathlib import Path

from local.concurrency import Concurrency
from local.processes import Function, FunctionProcess
from local.runtime_api import Answer


class Pool:
    """The processes of one function, and one `/tmp` for each, at most `max_processes` of them.

    The folder `state` holds its log and the `/tmp`s. Lambda keeps a `/tmp` when it kills a process, so the next process
    gets it as it was left; the first one gets what an earlier one left.
    """

    def __init__(
        self,
        function: Function,
        state: Path,
        concurrency: Concurrency | None = None,
        max_processes: int = max(2, os.cpu_count() or 2),
    ) -> None:
        self.function = function
        name = function.name.removeprefix(f"{function.stack}-").removesuffix("-function")
        self.log = state / "logs" / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._tmps = state / "tmp" / name
        self._concurrency = concurrency or Concurrency()
        self._room = threading.BoundedSemaphore(max_processes)
        self._lock = threading.Lock()
        self._idle: list[FunctionProcess] = []
        self._all: dict[FunctionProcess, Path] = {}
        self._free_tmps = [_dirty_tmp(self._tmps / str(number)) for number in range(max_processes)]
        self._closed = False

    def call(self, event: bytes) -> Answer:
        """Handle an event; wait while too many calls of the function run on this machine.

        Raises:
            TooManyCalls: the account has reached its limit.
        """
        with self._concurrency.count_call(), self._room:
            process = self._take()
            answer = process.call(event)
            self._give_back(process)
            return answer

    def close(self) -> None:
        """End every process, and delete their temporary files."""
        with self._lock:
            self._closed = True
            processes = list(self._all)
        for process in processes:
            process.stop()
        shutil.rmtree(self._tmps, ignore_errors=True)

    def _take(self) -> FunctionProcess:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive():
                    return process
                self._forget(process)
            if self._closed:
                raise RuntimeError("the local cloud is stopping")
            tmp = self._free_tmps.pop()
            process = FunctionProcess(self.function, self.log, tmp)
            self._all[process] = tmp
            return process

    def _give_back(self, process: FunctionProcess) -> None:
        with self._lock:
            if process.alive():
                self._idle.append(process)
            else:
                self._forget(process)

    def _forget(self, process: FunctionProcess) -> None:
        self._free_tmps.append(self._all.pop(process))


def _dirty_tmp(folder: Path) -> Path:
    """Make a `/tmp` with what a killed process may have left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tmp1eft0ver").mkdir(parents=True)
    (folder / "tmp1eft0ver" / "upload").write_bytes(bytes(1024))
    return folder
