"""Behind a proxy that inspects TLS, everything that is fetched is checked by the certificates of the system."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
UV = next(
    (path for path in (shutil.which("uv"), str(PROJECT / ".tools/uv/bin/uv")) if path and Path(path).exists()), ""
)


@pytest.mark.skipif(not UV, reason="uv is neither on the path nor in .tools")
def test_uv_takes_the_certificates_of_the_system() -> None:
    command = [UV, "sync", "--frozen", "--dry-run", "--show-settings"]
    shown = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False).stdout

    assert "system_certs: true" in shown


def test_so_does_uv_where_sam_builds_layers() -> None:
    recipe = "show:\n\t@echo $$UV_SYSTEM_CERTS\n"
    command = ["make", "-s", "-f", "Makefile", "-f", "-", "show"]
    shown = subprocess.run(command, cwd=PROJECT, input=recipe, capture_output=True, text=True, check=False).stdout

    assert shown.strip() == "1"
