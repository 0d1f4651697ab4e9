"""`python -m local.sizes`: the unzipped size of each built function with its layers.

Lambda accepts 250 MB for both together, and smaller packages start faster. The bounds leave room.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError
from local.template import Resource, Template, read_template

MB = 1024 * 1024  # Lambda's
MAX_MEGABYTES = 230
MAX_MEGABYTES_OF = {"InferenceFunction": 160, "EvaluateFunction": 160, "TrainFunction": 240}
_BUILT = Path(__file__).resolve().parent.parent / ".aws-sam" / "build" / "template.yaml"


@dataclass(frozen=True)
class FunctionSize:
    """The size of one function and of each of its layers in bytes, and the bound in MB."""

    name: str
    own: int
    layers: dict[str, int]
    bound: int

    @property
    def total(self) -> int:
        """The total in bytes."""
        return self.own + sum(self.layers.values())

    @property
    def fits(self) -> bool:
        """Whether the total keeps the bound."""
        return self.total <= self.bound * MB


def main(template: Path = _BUILT) -> int:
    """Print the table; return 1 when a bound is broken, 2 when nothing is built."""
    try:
        sizes = measure_sizes(read_template(template))
    except LocalError as error:
        print(f"{error} Run `make build` first.", file=sys.stderr)
        return 2
    print(size_table(sizes))
    return 0 if all(size.fits for size in sizes) else 1


def measure_sizes(template: Template) -> list[FunctionSize]:
    """Measure every function of a built template."""
    layers = {
        layer.logical_id: _folder_size(template, layer, "ContentUri")
        for layer in template.of_type("AWS::Serverless::LayerVersion")
    }
    return [
        FunctionSize(
            function.logical_id,
            _folder_size(template, function, "CodeUri"),
            {name: layers[name] for name in template.layers_of(function)},
            MAX_MEGABYTES_OF.get(function.logical_id, MAX_MEGABYTES),
        )
        for function in template.of_type("AWS::Serverless::Function")
    ]


def size_table(sizes: Sequence[FunctionSize]) -> str:
    """Write the sizes in MB, one line a function."""
    lines = [f"{'function':<20}{'own code':>10}{'our layers':>12}{'wheels':>10}{'sum':>10}{'bound':>8}"]
    for size in sizes:
        wheels = sum(bytes_ for name, bytes_ in size.layers.items() if name.endswith("Wheels"))
        ours = sum(size.layers.values()) - wheels
        cells = "".join(
            f"{bytes_ / MB:>{width}.2f}"
            for bytes_, width in ((size.own, 10), (ours, 12), (wheels, 10), (size.total, 10))
        )
        lines.append(f"{size.name:<20}{cells}{size.bound:>8}{'' if size.fits else '  TOO BIG'}")
    return "\n".join(lines)


def _folder_size(template: Template, resource: Resource, key: str) -> int:
    folder = template.folder / resource.properties[key]
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
