"""The unzipped size of the functions with their layers, bytecode included."""

from __future__ import annotations

from benchmarks.built_functions import TEMPLATE
from benchmarks.result import Group, Part, Row
from local.sizes import MB
from local.sizes import measure_sizes as weigh
from local.template import read_template

TITLE = "Package size"


def measure() -> Part:
    """Weigh what `make build` made."""
    found = {size.name: size.total / MB for size in weigh(read_template(TEMPLATE))}
    rows = tuple(
        Row(name, "ours" if name == "InferenceFunction" else "floor", total, total, total)
        for name, total in found.items()
    )
    return Part("size", TITLE, (Group("unzipped", "MB", rows, goal="≤ 150 MB for InferenceFunction"),))
