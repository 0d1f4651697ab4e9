"""Collects the packages of the Lambda runtime itself: its interface client and boto3.

A built function runs on these and its own layers only. So a dependency that is missing in its layers fails here, as it
would on AWS.
"""

import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

_RUNTIME_PACKAGES = (
    "awslambdaric",
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)


def bare_python() -> tuple[str, ...]:
    """Return the command of the interpreter without installed packages."""
    base: str = sys._base_executable  # type: ignore[attr-defined]
    return (base, "-S")


def gather_runtime(into: Path) -> Path:
    """Link the runtime's packages into one folder."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for name in _RUNTIME_PACKAGES:
        package = distribution(name)
        tops = {file.parts[0] for file in package.files or () if ".." not in file.parts}
        for top in tops - {"__pycache__"}:
            if not (into / top).exists():
                (into / top).symlink_to(Path(str(package.locate_file(top))).resolve())
    return into
