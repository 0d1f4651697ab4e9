"""A peer's server while it runs: started by its own command, asked over HTTP, ended with all that it started."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import income_model, peer_handlers
from benchmarks.environments import NotInstalled, peer_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATIENCE = 60.0
JSON = {"content-type": "application/json"}

type ServerFolders = tuple[Path, Path]
"""The folder that a peer runs in, and its environment."""


@dataclass(frozen=True)
class Peer:
    """A server: its folder beside this module, the command that starts it, and what it is asked.

    `ports` are variables of the environment that get a free port each.
    """

    name: str
    title: str
    command: tuple[str, ...]
    path: str
    body: Callable[[list[dict[str, Any]]], dict[str, Any]]
    variables: dict[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()


class Server:
    """A server that runs, from the first line of its process on. `first` is the seconds to its first answer."""

    def __init__(self, peer: Peer, place: ServerFolders) -> None:
        folder, installed = place
        self._peer = peer
        self._port, *others = _free_ports(1 + len(peer.ports))
        settings = {name: value.format(port=self._port) for name, value in peer.variables.items()}
        settings |= {name: str(port) for name, port in zip(peer.ports, others, strict=True)}
        command = [each.format(port=self._port) for each in peer.command]
        path = f"{installed / 'bin'}:{os.defpath}"
        asked = income_model.instances(1)[:1]
        self._body = json.dumps(peer.body(asked)).encode()
        self._mine = threading.local()
        started = time.perf_counter()
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [installed / "bin" / command[0], *command[1:]],
                cwd=folder,
                env=peer_variables() | settings | {"PATH": path, "BENTOML_HOME": str(folder / "home")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            answer = self._first(folder / "log")
            self.first = time.perf_counter() - started
            _check(
                peer, answer, peer_handlers.fitted_pipeline().predict_proba(peer_handlers.as_frame(asked))[0].tolist()
            )
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The id of its first process."""
        return self._process.pid

    def call(self) -> bytes:
        """Ask for one prediction, each thread by a connection of its own; an idle one may have to be opened again."""
        try:
            return self._asked()
        except ConnectionError:
            self._mine.connection.close()
            return self._asked()

    def _asked(self) -> bytes:
        if not hasattr(self._mine, "connection"):
            self._mine.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection: http.client.HTTPConnection = self._mine.connection
        connection.request("POST", self._peer.path, self._body, JSON)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self._peer.title} answers {answer.status}: {content.decode()[:300]}")
        return content

    def peak(self) -> float:
        """Return the peak memory of its processes, added up, in MB of 2²⁰ bytes."""
        return sum(_peak(each) for each in process_tree(self.pid))

    def stop(self) -> None:
        """End it, and all that it started; the first process first, so that it starts no others instead."""
        processes = process_tree(self.pid)
        for each in processes:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._process.wait()
        end = time.monotonic() + PATIENCE
        while any(is_running(each) for each in processes) and time.monotonic() < end:
            time.sleep(0.005)

    def _first(self, log: Path) -> bytes:
        failure: Exception | str = "it ended at once"
        end = time.perf_counter() + PATIENCE
        while time.perf_counter() < end and self._process.poll() is None:
            try:
                return self.call()
            except (OSError, http.client.HTTPException, RuntimeError) as error:
                self._mine.connection.close()
                failure = error
                time.sleep(0.005)
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise NotInstalled(f"does not answer: {failure}; {said[-1] if said else 'and says nothing'}"[:300])


def _check(peer: Peer, answer: bytes, expected: Sequence[float]) -> None:
    found = list(_numbers(json.loads(answer)))
    if not any(abs(each - expected[0]) < 1e-4 for each in found):
        raise NotInstalled(f"answers something else: {answer.decode()[:200]}")


def _numbers(document: Any) -> list[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        return [number for each in document for number in _numbers(each)]
    return [document] if isinstance(document, float) else []


def _free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    try:
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]
    finally:
        for each in taken:
            each.close()


def process_tree(pid: int) -> list[int]:
    """Find a process and all that descend from it, parents first (some lead a session of their own)."""
    children: dict[int, list[int]] = {}
    for each in Path("/proc").glob("[0-9]*"):
        if state := _state(int(each.name)):
            children.setdefault(int(state[1]), []).append(int(each.name))
    found = [pid]
    for process in found:
        found += children.get(process, [])
    return found


def is_running(pid: int) -> bool:
    """Whether a process has not ended (one that nobody has asked how it ended has)."""
    return _state(pid)[:1] not in ([], ["Z"])


def _state(pid: int) -> list[str]:
    """What the system says of a process, from its state and its parent on; nothing when it is not there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0) / 1024
