"""The usual Lambda function of a scikit-learn model, pandas and scikit-learn in its package, under our emulator."""

from __future__ import annotations

import compileall
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.environments import NotInstalled
from benchmarks.peer_servers import prepare_folder

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.built_functions import BuiltFunctions
    from local.processes import Function

TITLE = "pandas + scikit-learn handler"


def pandas_functions(found: BuiltFunctions) -> tuple[dict[str, Function], tuple[str, ...]]:
    """Lay the function out twice, with bytecode and without; with a word where its packages do not install."""
    try:
        folder, environment = prepare_folder("handler")
    except NotInstalled as error:
        return {}, (f"{TITLE}: it {error}",)
    bare = environment / "without-bytecode"
    shutil.rmtree(bare, ignore_errors=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    shutil.copytree(folder, bare)
    shutil.copytree(packages, bare / "packages", copy_function=os.link, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder, quiet=1)
    without = _function(found, bare, bare / "packages")
    return {TITLE: _function(found, folder, packages), f"{TITLE}, no bytecode": without}, ()


def _function(found: BuiltFunctions, folder: Path, packages: Path) -> Function:
    """The runtime's own packages come first and keep their bytecode; what is imported writes none."""
    *_, brought = found.hello.path
    return replace(
        found.hello,
        name="usual-handler",
        folder=folder,
        path=(folder, brought, packages),
        environment={"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
        timeout=60,
        memory=1769,
    )
