"""Models of different ages may know different classes; to be compared they must speak of the same ones."""

from collections.abc import Sequence

import numpy as np

from refrain.evaluation.metrics import Floats


def aligned(probabilities: Floats, known: Sequence[object], wanted: Sequence[object]) -> Floats:
    """Return the probabilities [rows, wanted classes]; a class that the model does not know has probability 0.

    `wanted` must hold all that any of the models knows, and all that occurs in the holdout.

    >>> aligned(np.array([[0.25, 0.75]]), ["no", "yes"], ["maybe", "no", "yes"])
    array([[0.  , 0.25, 0.75]])
    """
    result = np.zeros((len(probabilities), len(wanted)))
    result[:, [wanted.index(each) for each in known]] = probabilities
    return result
