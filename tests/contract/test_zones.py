"""Time zones come with the packages: Lambda's image promises no data of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

READ = """
import zoneinfo
from preprocessing.cells import Marks
from preprocessing.time_values import TimeForm, time_of
assert zoneinfo.TZPATH == ()
print(time_of("2026-07-01 08:00", TimeForm(zone="Europe/Zurich"), Marks()))
"""


@pytest.mark.parametrize("kind", ["data", "training", "inference"])
def test_every_layer_of_wheels_has_zones_on_linux(kind: str) -> None:
    requirements = (ROOT / "layers" / "wheels" / kind / "requirements.txt").read_text()
    assert re.search(r"^tzdata==[\d.]+ \\$", requirements, re.MULTILINE)  # with a marker it would stand before the `\\`


def test_a_zone_is_read_without_data_of_the_system() -> None:
    environment = {**os.environ, "PYTHONTZPATH": "", "PYTHONPATH": str(ROOT / "layers" / "preprocessing")}
    run = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "2026-07-01T06:00:00.000000", run.stderr
