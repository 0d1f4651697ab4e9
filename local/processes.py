"""Runs functions as Lambda does: each call takes an idle process, or starts a new one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass, field
from pathlib import Path

from local.names import REGION
from local.runtime_api import Answer, Call, RuntimeApi, failed_answer

_START = Path(__file__).with_name("start_function.py")


@dataclass(frozen=True)
class Function:
    """The settings of a function.

    `path` is its import path, `timeout` is in seconds, and `memory` in MB (passed on to it, not enforced). `nice`
    lowers the priority of its processes.
    """

    name: str
    arn: str
    handler: str
    folder: Path
    path: tuple[Path, ...]
    timeout: int
    memory: int
    environment: Mapping[str, str] = field(default_factory=dict)
    json_logs: bool = True
    python: tuple[str, ...] = (sys.executable,)
    nice: int = 0


class FunctionProcess:
    """One process of a function, with a Runtime API of its own."""

    def __init__(self, function: Function, log: Path) -> None:
        self._function = function
        self._api = RuntimeApi()
        self._scratch = Path(tempfile.mkdtemp(prefix=f"{function.name}-"))
        prefix = ("nice", "-n", str(function.nice)) if function.nice else ()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*prefix, *function.python, "-P", str(_START), function.handler],
                cwd=function.folder,
                env=_environment(function, self._api.address, self._scratch),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it can take another call."""
        return self._process.poll() is None

    def call(self, event: bytes) -> Answer:
        """Handle an event; return the function's answer, or the error that Lambda would report."""
        call = Call(str(uuid.uuid4()), event, self._function.arn, self._function.timeout)
        self._api.offer(call)
        try:
            return call.answer.result(self._function.timeout)
        except NoAnswer:
            self.stop()
            message = f"RequestId: {call.request_id} Error: Task timed out after {self._function.timeout:.2f} seconds"
            return failed_answer("Sandbox.Timedout", message)

    def stop(self) -> None:
        """End the process with all that it started, and delete its temporary files."""
        if self.alive():
            _kill_group(self._process.pid)
            self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)  # the watcher may be too late when the cloud ends

    def _watch(self) -> None:
        status = self._process.wait()
        _kill_group(self._process.pid)
        self._api.end(failed_answer("Runtime.ExitError", f"Error: Runtime exited with exit status {status}"))
        if self._process.stdin:
            self._process.stdin.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


class Pool:
    """The processes of one function, at most `max_processes` of them."""

    def __init__(self, function: Function, logs: Path, max_processes: int = max(2, os.cpu_count() or 2)) -> None:
        self.function = function
        self.log = logs / f"{function.name.removeprefix('refrain-').removesuffix('-function')}.log"
        self._room = threading.BoundedSemaphore(max_processes)
        self._lock = threading.Lock()
        self._idle: list[FunctionProcess] = []
        self._all: set[FunctionProcess] = set()
        self._closed = False

    def call(self, event: bytes) -> Answer:
        """Handle an event; wait while too many calls run."""
        with self._room:
            process = self._take()
            answer = process.call(event)
            self._give_back(process)
            return answer

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._closed = True
            processes = list(self._all)
        for process in processes:
            process.stop()

    def _take(self) -> FunctionProcess:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive():
                    return process
                self._all.discard(process)
            if self._closed:
                raise RuntimeError("the local cloud is stopping")
            process = FunctionProcess(self.function, self.log)
            self._all.add(process)
            return process

    def _give_back(self, process: FunctionProcess) -> None:
        with self._lock:
            if process.alive():
                self._idle.append(process)
            else:
                self._all.discard(process)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _environment(function: Function, runtime_api: str, scratch: Path) -> dict[str, str]:
    """Return the variables that Lambda sets and those of the template, and none of the shell that started the cloud."""
    return {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONPATH": os.pathsep.join(map(str, function.path)),
        "LAMBDA_TASK_ROOT": str(function.folder),
        "_HANDLER": function.handler,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if function.json_logs else "Text",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": function.name,  # the guard finds the role by it
        "AWS_SECRET_ACCESS_KEY": "local",
        **function.environment,
    }
