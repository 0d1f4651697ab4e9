"""What a version takes in a process that loads it, as evaluation measured it in a fresh one.

versions/<model>/<version>/footprint.json    completes the manifest, which training writes without ONNX Runtime
"""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import StoredDocument


@dataclass(frozen=True)
class Footprint(StoredDocument):
    """By how much the process grew: `held_bytes` stay, `peak_bytes` were needed while it was loaded and proved.

    `cpu_seconds` are processor time.
    """

    path = "versions/{}/{}/footprint.json"

    held_bytes: int
    peak_bytes: int
    cpu_seconds: float
