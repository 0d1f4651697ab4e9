"""A window of predictions or interactions against training: a part of a monitoring report."""

from __future__ import annotations

from dataclasses import dataclass, field

from refrain.lake.document import Document
from refrain.lake.quality_causes import QualityCauses
from refrain.lake.quality_figures import Estimate, EstimatedChange
from refrain.lake.segments import SegmentDrift


@dataclass(frozen=True)
class Distribution(Document):
    """One feature, or one answer, of a window against training.

    `p` is the probability of such a difference by chance, `change` says what shifted most. `effect` is how much of that
    is sure, in multiples of the least shift that counts. `usual` means that it differed as much while the training data
    was gathered. `importance` is the feature's share of what the model relies on, and `matters`
    the effect weighted by it. `since` is when the first of the latest windows in a row began in which it drifted.
    `reference` and `window` are shares of the `cells`; they are empty beyond the most important distributions.
    """

    name: str
    answer: bool
    p: float
    effect: float
    drifted: bool
    importance: float
    matters: float
    usual: bool = False
    since: str | None = None
    cells: tuple[str, ...] = ()
    reference: tuple[float, ...] = ()
    window: tuple[float, ...] = ()
    change: str = ""


@dataclass(frozen=True)
class NewValues(Document):
    """Values of a category that training did not see: the share of rows that have one, and the expected share."""

    feature: str
    share: float
    expected: float
    values: tuple[str, ...]


@dataclass(frozen=True)
class MissingValues(Document):
    """Missing values of a feature: the share in the window, and in training (`reference`)."""

    feature: str
    share: float
    reference: float


@dataclass(frozen=True)
class JudgedWindow(Document):
    """One judged window. It is `alarmed` if a distribution drifted, or the estimated quality breaks the gate.

    That takes an estimate which is surely beyond the gate's bound, and surely worse than the one on the holdout. The
    `calendar` are features that only tell the time, and are not judged.
    `causes` then say what its inputs let expect of the losses, where these surely rise. `segment_drifts` are features
    that changed in a segment otherwise than elsewhere. `unfamiliar` is the share of rows with anything unlike training,
    `unfamiliar_combinations` that of those where it is no single value.
    """

    since: str
    until: str
    rows: int
    alarmed: bool
    distributions: tuple[Distribution, ...]
    distributions_tested: int
    unfamiliar: float = 0.0
    unfamiliar_features: dict[str, float] = field(default_factory=dict)
    unfamiliar_combinations: float = 0.0
    new_values: tuple[NewValues, ...] = ()
    missing: tuple[MissingValues, ...] = ()
    estimated: Estimate | None = None
    estimated_change: EstimatedChange | None = None
    estimated_breaks_gate: bool = False
    calendar: tuple[str, ...] = ()
    causes: QualityCauses | None = None
    segment_drifts: tuple[SegmentDrift, ...] = ()


@dataclass(frozen=True)
class PastWindow(Document):
    """What later reports need of a judged window. `effects` are by distribution.

    `held` is the share of truths within what callers were told, of all that had a label by then.
    """

    version: str
    since: str
    until: str
    rows: int
    alarmed: bool
    drifted: tuple[str, ...]
    effects: dict[str, float]
    estimated: Estimate | None
    measured: Estimate | None
    unfamiliar: float
    estimated_breaks_gate: bool = False
    held: Estimate | None = None
