"""Measures the memory of a function's processes, as Lambda counts it against the MemorySize.

Linux keeps these figures in `/proc`. On other systems nothing is measured, so no function is held to its memory.
"""

import re
from pathlib import Path

_KILOBYTES = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has held at once; 0 when it is gone."""
    return _figures(pid).get("VmHWM", 0)


def started_bytes(pid: int) -> int:
    """Return what the processes hold that a session's leader has started, without what they share with it as files."""
    members = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    figures = [_figures(member) for member in members if member != pid and _session(member) == pid]
    return sum(figure.get("RssAnon", 0) + figure.get("RssShmem", 0) for figure in figures)


def _figures(pid: int) -> dict[str, int]:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    return {name: int(kilobytes) * 1024 for name, kilobytes in _KILOBYTES.findall(text)}


def _session(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3])
    except OSError:
        return 0
