"""Runs a peer's server: starts it by its own command, calls it over HTTP, and ends it with all its processes."""

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
"""A peer's working folder and its environment."""


@dataclass(frozen=True)
class Peer:
    """A server: its folder beside this module, the command that starts it, and its requests.

    Each variable of the environment in `ports` gets a free port.
    """

    name: str
    title: str
    command: tuple[str, ...]
    path: str
    body: Callable[[list[dict[str, Any]]], dict[str, Any]]
    variables: dict[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()


class Server:
    """A running server; `first` is the seconds from the start of its process to its first answer."""

    def __init__(self, peer: Peer, folders: ServerFolders) -> None:
        folder, installed = folders
        self._peer = peer
        self._port, *ports = _free_ports(1 + len(peer.ports))
        settings = {name: value.format(port=self._port) for name, value in peer.variables.items()}
        settings |= {name: str(port) for name, port in zip(peer.ports, ports, strict=True)}
        command = [argument.format(port=self._port) for argument in peer.command]
        path = f"{installed / 'bin'}:{os.defpath}"
        instances = income_model.instances(1)[:1]
        self._body = json.dumps(peer.body(instances)).encode()
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
                peer,
                answer,
                peer_handlers.fitted_pipeline().predict_proba(peer_handlers.as_frame(instances))[0].tolist(),
            )
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The id of its first process."""
        return self._process.pid

    def call(self) -> bytes:
        """Ask for one prediction; each thread has a connection, which is opened again when the server closed it."""
        try:
            return self._request()
        except ConnectionError:
            self._mine.connection.close()
            return self._request()

    def _request(self) -> bytes:
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
        """Return the summed peak memory of its processes, in MB of 2²⁰ bytes."""
        return sum(_peak(process) for process in process_tree(self.pid))

    def stop(self) -> None:
        """End all its processes, the first one first, so that it cannot start others."""
        processes = process_tree(self.pid)
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()
        end = time.monotonic() + PATIENCE
        while any(is_running(process) for process in processes) and time.monotonic() < end:
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
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise NotInstalled(f"does not answer: {failure}; {lines[-1] if lines else 'without output'}"[:300])


def _check(peer: Peer, answer: bytes, expected: Sequence[float]) -> None:
    numbers = list(_numbers(json.loads(answer)))
    if not any(abs(number - expected[0]) < 1e-4 for number in numbers):
        raise NotInstalled(f"gives a wrong answer: {answer.decode()[:200]}")


def _numbers(document: Any) -> list[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        return [number for value in document for number in _numbers(value)]
    return [document] if isinstance(document, float) else []


def _free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    try:
        for port in taken:
            port.bind(("127.0.0.1", 0))
        return [port.getsockname()[1] for port in taken]
    finally:
        for port in taken:
            port.close()


def process_tree(pid: int) -> list[int]:
    """List a process and its descendants, parents first (some lead a session of their own)."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        if state := _state(int(path.name)):
            children.setdefault(int(state[1]), []).append(int(path.name))
    tree = [pid]
    for process in tree:
        tree += children.get(process, [])
    return tree


def is_running(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    return _state(pid)[:1] not in ([], ["Z"])


def _state(pid: int) -> list[str]:
    """Read the state, the parent and the further fields of a process; empty when it does not exist."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0) / 1024
