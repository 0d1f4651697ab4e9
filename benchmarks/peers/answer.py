"""Answers questions in a peer's own environment: `answer.py <program>` reads paths of arrays, one a line.

The program has a function `answer`. It gets the arrays, and what it returns is written as a line of JSON.
"""

from __future__ import annotations

import json
import runpy
import sys

import numpy as np


def main() -> None:
    """Answer until there are no more questions; what a library prints is no answer."""
    answers, sys.stdout = sys.stdout, sys.stderr
    program = runpy.run_path(sys.argv[1])
    for path in sys.stdin:
        with np.load(path.strip()) as arrays:
            print(json.dumps(program["answer"](arrays)), file=answers, flush=True)


if __name__ == "__main__":
    main()
