"""The machine on which a benchmark ran: only ratios are comparable between machines."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "onnxruntime", "scikit-learn", "pandas")


def describe_machine() -> dict[str, Any]:
    """Describe this machine, and how busy it is (the load of the last minute, of as many processors).

    `id` tells two machines apart that have the same description. It is new after each start of the machine, since
    copies of one image share all that stays.
    """
    return {
        "id": _id(),
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _id() -> str:
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(start).hexdigest()[:12]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")
