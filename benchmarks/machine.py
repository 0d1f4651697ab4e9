"""On what a benchmark ran: figures of different machines are not compared, only their ratios."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "onnxruntime", "scikit-learn", "pandas")


def machine() -> dict[str, Any]:
    """Describe this machine, and how busy it is (the load of the last minute, of as many processors)."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")
