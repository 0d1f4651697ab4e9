"""A peer's server is started, called, and ended with all its processes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import peer_handlers
from benchmarks.environments import NotInstalled
from benchmarks.peer_servers import tensors
from benchmarks.server_process import Peer, Server, is_running, process_tree

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.server_process import ServerFolders

SERVICE = """
import http.server, json, subprocess, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["content-length"])))["instances"]
        answer = json.dumps({"predictions": [[0.25, 0.75] for _ in rows]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = True  # without a word, as a server does that has waited for too long

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
PEER = Peer("small", "A small server", ("serve", "{port}"), "/predict", lambda rows: {"instances": rows})


class Model:
    def predict_proba(self, rows: Any) -> Any:
        import numpy as np

        return np.array([[0.25, 0.75]] * len(rows))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerFolders:
    monkeypatch.setattr(peer_handlers, "fitted_pipeline", Model)
    (tmp_path / "bin").mkdir()
    return tmp_path, tmp_path


def serve(folders: ServerFolders, service: str = SERVICE) -> Server:
    folder, installed = folders
    (folder / "service.py").write_text(service)
    program = installed / "bin" / "serve"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} service.py "$@"\n')
    program.chmod(0o755)
    return Server(PEER, folders)


def test_a_closed_connection_is_opened_again(folders: ServerFolders) -> None:
    server = serve(folders)
    try:
        answers = [json.loads(server.call()) for _ in range(3)]
    finally:
        server.stop()

    assert answers == [{"predictions": [[0.25, 0.75]]}] * 3


def test_stopping_a_server_ends_all_its_processes(folders: ServerFolders) -> None:
    server = serve(folders)
    processes = process_tree(server.pid)
    assert len(processes) == 2
    assert all(is_running(pid) for pid in processes)
    assert server.peak() > 2

    server.stop()

    assert not any(is_running(pid) for pid in processes)


def test_a_server_with_a_wrong_answer_is_not_measured(folders: ServerFolders) -> None:
    with pytest.raises(NotInstalled, match=r"gives a wrong answer: .*0\.5"):
        serve(folders, SERVICE.replace("[0.25, 0.75]", "[0.5, 0.5]"))


def test_a_server_that_ends_is_not_measured_and_its_last_output_is_reported(folders: ServerFolders) -> None:
    with pytest.raises(NotInstalled, match=r"does not answer: .*this Python is too new for us"):
        serve(folders, "raise SystemExit('this Python is too new for us')")


def test_tensors_are_one_input_a_column() -> None:
    request = tensors([{"age": 39, "town": "Bern"}])

    assert [(tensor["name"], tensor["datatype"], tensor["data"]) for tensor in request["inputs"]] == [
        ("age", "FP64", [39]),
        ("town", "BYTES", ["Bern"]),
    ]
