"""Runs the local cloud for tests and the demo.

It is a process of its own, since moto keeps its state in modules, and a test that mocks AWS would wipe it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.concurrency import NEW_ACCOUNT
from local.errors import NotStarted
from local.local_stack import LocalStack
from local.names import STACK

STOP_SECONDS = 20.0
"""How long a cloud may take to end, unless it has data to keep."""

_PROJECT = Path(__file__).resolve().parent.parent


class Cloud(LocalStack):
    """A local cloud that runs while the block runs.

    `folder` holds its state (default: the project's `.local`). `models` is a folder of definitions to apply.
    `template` replaces the project's template, `parameters` the values of its parameters. Schedules are due every
    `tick` seconds, as the template says (None), or never (0). At most `concurrency` calls of functions run at once. In
    the folder `keep` its data stays while it is stopped.

    Raises:
        NotStarted: it does not come up; the error holds what it printed.
    """

    def __init__(
        self,
        folder: Path | None = None,
        models: Path | None = None,
        template: Path | None = None,
        patience: float = 180,
        tick: float | None = 0,
        *,
        stack: str = STACK,
        parameters: Mapping[str, str] | None = None,
        concurrency: int = NEW_ACCOUNT,
        keep: Path | None = None,
    ) -> None:
        self.folder = (folder or _PROJECT / ".local").resolve()
        self._models = models
        self._template = template
        self._patience = patience
        self._tick = tick
        self._options = ["--stack", stack, "--concurrency", str(concurrency)]
        self._options += ["--keep", str(keep.resolve())] if keep else []
        self._stop_seconds = STOP_SECONDS if keep is None else STOP_SECONDS * 30
        self._options += [f"--parameter={name}={value}" for name, value in (parameters or {}).items()]
        super().__init__({})

    def __enter__(self) -> Self:
        """Start the cloud and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "up.log"
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                self._command(),
                cwd=_PROJECT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self.stack = self._wait(log)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the cloud and wait for its end."""
        self._stop()

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "local.up", "--until-stdin-closes", "--folder", str(self.folder)]
        command += self._options
        if self._models:
            command += ["--models", str(self._models.resolve())]
        if self._template:
            command += ["--template", str(self._template.resolve())]
        if self._tick is not None:
            command += ["--tick", str(self._tick)]
        return command

    def _wait(self, log: Path) -> dict[str, str]:
        stack_file = self.folder / "stack.json"
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise NotStarted(log.read_text().strip())
            if stack_file.exists() and self._owns_folder():
                stack: dict[str, str] = json.loads(stack_file.read_text())
                return stack
            time.sleep(0.05)
        raise NotStarted(f"The local cloud did not answer within {self._patience:g} seconds; see {log}.")

    def _owns_folder(self) -> bool:
        """Whether the folder belongs to this cloud, and not to an earlier or a second one."""
        lock = self.folder / "lock"
        return lock.exists() and lock.read_text() == str(self.process.pid)

    def _stop(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
