"""The installed command has what it needs: the packages of the functions and of the local cloud, and the tree."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = ("data", "training", "inference", "local")


def test_the_command_needs_what_the_functions_and_the_local_cloud_need() -> None:
    needed = {package for group in GROUPS for package in PROJECT["dependency-groups"][group]}

    assert PROJECT["project"]["dependencies"] == sorted(needed)


def test_the_wheel_holds_the_tree_under_one_name_that_no_other_package_has() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert wheel["only-include"] == ["cli/launcher/refrain_command.py"]
    for path, packed in wheel["force-include"].items():
        assert (ROOT / path).exists()
        assert packed == f"refrain_tree/{path}"
    assert {"cli", "functions", "layers", "local", "shared", "template.yaml"} <= wheel["force-include"].keys()
