"""What the Lambda runtime itself brings: its interface client and boto3, and nothing else of this environment.

With it a function that `sam build` made can run on its own layers only, so that a dependency that is in this
environment but in no layer fails here as it would on AWS.
"""

import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

_BROUGHT = (
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
    """The interpreter without any installed packages."""
    base: str = sys._base_executable  # type: ignore[attr-defined]
    return (base, "-S")


def gather_runtime(into: Path) -> Path:
    """Link what the runtime brings into one folder."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for name in _BROUGHT:
        found = distribution(name)
        tops = {file.parts[0] for file in found.files or () if ".." not in file.parts}
        for top in tops - {"__pycache__"}:
            if not (into / top).exists():
                (into / top).symlink_to(Path(str(found.locate_file(top))).resolve())
    return into
