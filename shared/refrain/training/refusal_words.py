"""What an estimator refuses, in words of the definition: columns, classes and rows instead of positions and arrays.

`USUAL_REFUSALS` is one table, which docs/estimators.md repeats. What no line of it matches is shown only where it names
a parameter; the rest goes to the log, since it speaks of matrices that a user never sees.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.training.converters.graph_step import NoGraph
from refrain.words import counted, figure, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Definition

logger = logging.getLogger("refrain")

MAX_NAMED_COLUMNS = 5
INTERNALS = re.compile(r"array\(|\b[Xy]\b|shape|\[\d|\bsamples?\b|index|NoneType|object")
"""Marks of a sentence that speaks of arrays."""


@dataclass(frozen=True)
class UsualRefusal:
    """What a library says as a pattern, what that means, what to do, and what of the rows shows it."""

    pattern: str
    meaning: str
    cure: str
    shown: str = ""


USUAL_REFUSALS = (
    UsualRefusal(
        r"contains NaN",
        "takes no missing values, which a caller may send at any time",
        'take features = "imputed" or "onehot"',
        "gaps",
    ),
    UsualRefusal(
        r"Negative values in data",
        "takes no negative features, nor scaled ones",
        'take sklearn.naive_bayes.GaussianNB, or features = "imputed" with columns that start at 0',
        "negatives",
    ),
    UsualRefusal(
        r"least populated class|too few members|only 1 sample in class|members in each class",
        "needs more rows of each class than there are",
        "gather more, or join classes with replace",
        "rarest",
    ),
    UsualRefusal(
        r"not full rank",
        "cannot do with features that tell one another, as one-hot columns do",
        'set reg_param = 0.1, or take features = "imputed"',
    ),
    UsualRefusal(
        r"out of the valid range of the loss|requires (non-negative|strictly positive) y|label (is negative|must be)",
        "learns no target this low",
        "take another loss, or sklearn.linear_model.Ridge",
        "lowest",
    ),
    UsualRefusal(
        r"Isotonic regression input",
        "takes one feature without gaps",
        'set role = "ignore" for the other columns',
        "features",
    ),
    UsualRefusal(
        r"`n_components` upper bound", "finds one component, since there is one target", "set n_components = 1"
    ),
    UsualRefusal(r"mono-task outputs", "learns several targets at once", "take the estimator without MultiTask"),
    UsualRefusal(
        r"No neighbors found",
        "has no training row within its radius for rows that it is asked",
        'raise radius, or set outlier_label = "most_frequent"',
    ),
    UsualRefusal(
        r"n_neighbors <= n_samples", "looks for more neighbours than there are training rows", "lower n_neighbors"
    ),
    UsualRefusal(
        r"one_vs_one multi-class mode", "gives no probabilities with one_vs_one", 'set multi_class = "one_vs_rest"'
    ),
)

WRAPS = r"required positional argument|implementing|must be an instance|must be a callable|fitted estimator"
"""Marks of an estimator that is made of another one, or of a function."""

PROBABLE = {
    "SVC": "set probability = true",
    "NuSVC": "set probability = true",
    "SGDClassifier": 'set loss = "log_loss"',
}


@dataclass(frozen=True)
class RefusedRows:
    """The rows that an estimator refused, as sentences name them."""

    definition: Definition
    matrix: NDArray[np.float32]
    target: Array
    classes: Sequence[str]

    @property
    def gaps(self) -> str:
        """Features with missing values."""
        return self._named(np.isnan(self.matrix).any(axis=0))

    @property
    def negatives(self) -> str:
        """Features with negative values."""
        return self._named((self.matrix < 0).any(axis=0))

    @property
    def features(self) -> str:
        """All features."""
        return self._named(np.ones(self.matrix.shape[1], bool))

    @property
    def lowest(self) -> str:
        """The least value of the target."""
        return f"{self.definition.target} is {figure(float(np.min(self.target)))} in a row" if len(self.target) else ""

    @property
    def rarest(self) -> str:
        """The class with the fewest rows."""
        counts = np.bincount(self.target.astype(np.int64), minlength=len(self.classes))
        return f"{self.classes[int(counts.argmin())]} has {counted(int(counts.min()), 'row')}"

    def _named(self, chosen: NDArray[np.bool_]) -> str:
        names = [name for name, marked in zip(self.definition.features, chosen, strict=True) if marked]
        rest = len(names) - MAX_NAMED_COLUMNS
        return listed([*names[:MAX_NAMED_COLUMNS], *([f"{rest} more"] if rest > 0 else [])]) if names else ""


def reason_of(error: Exception) -> str:
    """Return the sentence of an error. XGBoost puts the time and a place of its source before it, and a trace behind.

    >>> reason_of(ValueError("[22:15:36] /src/loss.cu:116: Check failed: a <= b: too low\\nStack trace:\\n [bt] (0)"))
    'Check failed: a <= b: too low'
    """
    sentence = " ".join(str(error).partition("\nStack trace:")[0].split())
    return re.sub(r"^\[[\d:]+\] \S+: (?=\w)", "", sentence)


def explain_refusal(error: Exception, estimator: Any, rows: RefusedRows | None = None) -> str:
    """Say what an estimator refused and what to do, as the rest of a sentence that begins with the estimator."""
    if isinstance(error, MemoryError):
        return "needs more memory than training has: raise TrainingMemory, or shorten training.window"
    if isinstance(error, NoGraph):
        return f"cannot be exported to ONNX: {error}"
    text = reason_of(error)
    for usual in USUAL_REFUSALS:
        if re.search(usual.pattern, text):
            shown = str(getattr(rows, usual.shown)) if rows is not None and usual.shown else ""
            return f"{usual.meaning}{f' ({shown})' if shown else ''}: {usual.cure}"
    sentence = re.split(r"(?<=[.!])\s", text)[0]
    if not INTERNALS.search(sentence) and _names_parameter(sentence, estimator):
        return f"cannot be fitted: {sentence}"
    logger.warning("estimator refused", extra={"estimator": type(estimator).__name__, "reason": text})
    return (
        "cannot be fitted to these rows with these parameters: the reason is in the log of training; take other "
        "parameters, or another estimator of docs/estimators.md"
    )


def _names_parameter(sentence: str, estimator: Any) -> bool:
    return any(re.search(rf"\b{name}\b", sentence, re.IGNORECASE) for name in estimator.get_params())


def explain_parameters(error: Exception) -> str:
    """Say why an estimator cannot be made, as the rest of a sentence that begins with it."""
    if re.search(WRAPS, str(error)):
        return "wraps another estimator, which a definition cannot hold: name that one as a candidate"
    return f"cannot be made from its parameters: {reason_of(error)}"


def explain_no_probabilities(name: str) -> str:
    """Say that a classifier has no probabilities, and how one like it has."""
    cure = PROBABLE.get(name, "take sklearn.linear_model.LogisticRegression")
    return f"gives no probabilities (predict_proba) with these parameters: {cure}"


def explain_lost_export(error: Exception, estimator: Any) -> str:
    """Say why a fitted estimator has no graph; the sentence of a converter of others goes to the log."""
    name, reason = type(estimator).__name__, str(error)
    if not isinstance(error, NoGraph):
        logger.warning("estimator not exported", extra={"estimator": name, "reason": reason})
        reason = "it, or one of its parameters, has no graph; take an estimator of docs/estimators.md"
    return f"{name} cannot be exported to ONNX: {reason}"
