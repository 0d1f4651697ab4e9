"""`make sam-local` finds out beforehand what would stop it, and ends whatever it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from local import sam_local
from local.errors import NoContainers

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE = "203.0.113.1"
"""An address that no machine has (RFC 5737): that of an engine in another network."""


@pytest.fixture(autouse=True)
def _docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sam_local, "missing_docker", lambda: "")
    monkeypatch.setattr(sam_local, "host_address", lambda: "127.0.0.1")
    monkeypatch.setattr(sam_local, "_run", lambda _: pytest.fail("nothing may start"))
    yield
    signal.signal(signal.SIGTERM, before)


def test_it_can_start_where_docker_runs_and_the_port_is_free() -> None:
    assert sam_local.main(["--check", "--port", "0"]) == 0


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_a_taken_port_is_named_before_anything_is_built(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        assert sam_local.main([*options, "--port", str(port)]) == 2

    assert f"Port {port} is taken" in capsys.readouterr().err


def test_events_need_no_port() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        assert sam_local.main(["--check", "--events", "--port", str(other.getsockname()[1])]) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Docker itself carries connections to the host")
def test_an_engine_in_another_network_is_a_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sam_local, "host_address", lambda: ELSEWHERE)

    assert sam_local.main(["--check"]) == 2
    message = capsys.readouterr().err
    assert ELSEWHERE in message
    assert "`make up` serves the same API without Docker" in message


def test_without_docker_it_points_to_the_local_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sam_local, "missing_docker", lambda: "no Docker")

    with pytest.raises(NoContainers, match="no Docker"):
        sam_local.check_machine(None)


def test_sigterm_ends_the_api_of_sam_too() -> None:
    script = textwrap.dedent("""
        import os, sys, types
        from contextlib import contextmanager
        from local import sam_local
        sam_local.check_machine = lambda port: None
        sam_local.shell_environment = lambda cloud: dict(os.environ)
        api = "import time; print('up', flush=True); time.sleep(60)"
        sam_local.sam_command = lambda *parts: [sys.executable, "-c", api]
        sam_local._run = lambda options: sam_local._serve(None, None, 1)
        sys.exit(sam_local.main([]))
    """)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)
        while "up" not in next(lines).split():
            pass
        process.send_signal(signal.SIGTERM)
        # The pipe ends only when the API has ended as well.
        assert process.communicate(timeout=50)[0] == ""

    assert process.returncode == 0
