"""Runs a function in a process of its own, held to its time and its memory as by Lambda."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from local.memory import peak_bytes, started_bytes
from local.names import REGION, STACK
from local.runtime_api import Answer, Call, RuntimeApi, RuntimeFailure

LOOK_SECONDS = 0.05
"""Seconds between two looks at the memory of a process that handles a call."""

_START = Path(__file__).with_name("start_function.py")
_LOOKS_AT_STARTED = 10
"""It takes a hundred times as long to find the processes that a process has started, so every tenth look does."""


@dataclass(frozen=True)
class Function:
    """The settings of a function.

    `path` is its import path, `timeout` is in seconds, and `memory` in MB. `nice` lowers the priority of its processes.
    With `snap_start` they get credentials from an endpoint instead of keys.
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
    snap_start: bool = False
    stack: str = STACK


class FunctionProcess:
    """One process of a function, with a Runtime API of its own, and with the folder `tmp` as its `/tmp`."""

    def __init__(self, function: Function, log: Path, tmp: Path) -> None:
        self._function = function
        self._log = log
        self._api = RuntimeApi(function.name)
        tmp.mkdir(parents=True, exist_ok=True)
        prefix = ("nice", "-n", str(function.nice)) if function.nice else ()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*prefix, *function.python, "-P", str(_START), function.handler],
                cwd=function.folder,
                env=_environment(function, self._api, tmp),
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
        end = time.monotonic() + self._function.timeout
        self._api.offer(call)
        looks = count(1)
        while True:
            left = end - time.monotonic()
            answer = _answer_within(call, min(max(left, 0), LOOK_SECONDS))
            if self._holds_too_much(with_started=next(looks) % _LOOKS_AT_STARTED == 0):
                return self._end(call, _KILLED, "Runtime.OutOfMemory")
            if answer is not None:
                return answer
            if left <= 0:
                return self._end(call, _timed_out(self._function.timeout), "Sandbox.Timedout")

    def stop(self) -> None:
        """End the process with all that it started."""
        if self.alive():
            _kill_group(self._process.pid)
            self._process.wait()

    def _holds_too_much(self, with_started: bool) -> bool:
        held = peak_bytes(self.pid) + (started_bytes(self.pid) if with_started else 0)
        return held > self._function.memory * 1024 * 1024

    def _end(self, call: Call, failure: RuntimeFailure, error_type: str) -> Answer:
        """Kill the process, leave the line in the log that Lambda writes, and make the answer."""
        metrics = {"memorySizeMB": self._function.memory, "maxMemoryUsedMB": peak_bytes(self.pid) // 1024**2}
        record = {"requestId": call.request_id, "status": "error", "errorType": error_type, "metrics": metrics}
        line = {"time": datetime.now(UTC).isoformat(), "type": "platform.report", "record": record}
        self.stop()
        with self._log.open("a") as log:
            log.write(json.dumps(line) + "\n")
        return failure.answer(call.request_id)

    def _watch(self) -> None:
        status = self._process.wait()
        _kill_group(self._process.pid)
        self._api.end(_exited(status))
        if self._process.stdin:
            self._process.stdin.close()


def _answer_within(call: Call, seconds: float) -> Answer | None:
    try:
        return call.answer.result(seconds)
    except NoAnswer:
        return None


def _timed_out(seconds: float) -> RuntimeFailure:
    return RuntimeFailure("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")


def _exited(status: int) -> RuntimeFailure:
    """Name the end of a process as Lambda does.

    >>> _exited(7).reason, _exited(-9).reason
    ('Runtime exited with error: exit status 7', 'Runtime exited with error: signal: killed')
    """
    if status == 0:
        return RuntimeFailure("Runtime.ExitError", "Runtime exited without providing a reason")
    end = f"exit status {status}" if status > 0 else f"signal: {(signal.strsignal(-status) or '').lower()}"
    return RuntimeFailure("Runtime.ExitError", f"Runtime exited with error: {end}")


_KILLED = _exited(-signal.SIGKILL)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _environment(function: Function, api: RuntimeApi, tmp: Path) -> dict[str, str]:
    """Return the variables that Lambda sets and those of the template, and none of the shell that started the cloud."""
    return {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(tmp),
        "TMPDIR": str(tmp),
        "PYTHONPATH": os.pathsep.join(map(str, function.path)),
        "LAMBDA_TASK_ROOT": str(function.folder),
        "_HANDLER": function.handler,
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if function.json_logs else "Text",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **(_credentials_by_endpoint(api) if function.snap_start else _credentials_by_keys(function)),
        **function.environment,
    }


def _credentials_by_keys(function: Function) -> dict[str, str]:
    return {
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_ACCESS_KEY_ID": function.name,  # the guard finds the role by it
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def _credentials_by_endpoint(api: RuntimeApi) -> dict[str, str]:
    return {
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": api.credentials_uri,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": api.token,
    }
