"""The unzipped size of the functions with their layers, including bytecode."""

from __future__ import annotations

from benchmarks.built_functions import TEMPLATE
from benchmarks.result import Group, Part, Row
from local.sizes import MB, measure_sizes
from local.template import read_template

TITLE = "Package size"


def measure() -> Part:
    """Measure the built packages."""
    totals = {size.name: size.total / MB for size in measure_sizes(read_template(TEMPLATE))}
    rows = tuple(
        Row(name, "ours" if name == "InferenceFunction" else "floor", total, total, total)
        for name, total in totals.items()
    )
    return Part("size", TITLE, (Group("unzipped", "MB", rows, goal="≤ 150 MB for InferenceFunction"),))
