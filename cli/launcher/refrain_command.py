"""What the script `refrain` runs. The project's tree has names of its own, such as `local` and `cli`, that no shared
folder of packages should have; so it is put on the path here, from the checkout or from the wheel.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the command on the tree that belongs to this file."""
    wheel = HERE / "refrain_tree"
    tree = wheel if wheel.is_dir() else HERE.parents[1]
    sys.path[:0] = [str(tree / "shared"), str(tree / "layers" / "preprocessing"), str(tree)]
    from cli.app import main as run

    return run()
