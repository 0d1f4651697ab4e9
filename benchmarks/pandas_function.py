"""The usual Lambda function for a scikit-learn model, with pandas and scikit-learn in its package."""

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


def pandas_functions(functions: BuiltFunctions) -> tuple[dict[str, Function], tuple[str, ...]]:
    """Prepare the function with bytecode and without; return a reason where its packages do not install."""
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
    without = _function(functions, bare, bare / "packages")
    return {TITLE: _function(functions, folder, packages), f"{TITLE}, no bytecode": without}, ()


def _function(functions: BuiltFunctions, folder: Path, packages: Path) -> Function:
    """Make the function; the runtime's own packages come first and keep their bytecode."""
    *_, brought = functions.hello.path
    return replace(
        functions.hello,
        name="usual-handler",
        folder=folder,
        path=(folder, brought, packages),
        environment={"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
        timeout=60,
        memory=1769,
    )
