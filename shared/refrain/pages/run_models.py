"""The models of a run as the report draws them: each with its colour and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.lake.evaluation import REFUSALS
from refrain.pages.svg import shorten_middle
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from refrain.lake.evaluation import CandidateVerdict, Evaluation, Figures, ModelSummary
    from refrain.statistics.metrics import Metric

COLOURS = 6
MAX_NAME_LENGTH = 28


@dataclass(frozen=True)
class PageModel:
    """One model: `colour` is a class of the style, `verdict` None for the champion."""

    summary: ModelSummary
    colour: str
    verdict: CandidateVerdict | None

    @property
    def figures(self) -> Figures:
        """Its figures."""
        return self.summary.figures

    @property
    def is_champion(self) -> bool:
        """Whether this is the one in service when the run began."""
        return self.verdict is None

    @property
    def is_refused(self) -> bool:
        """Whether it did not pass the gate."""
        return self.verdict is not None and self.verdict.code in REFUSALS

    @property
    def label(self) -> str:
        """Its name in drawings."""
        return "champion" if self.is_champion else shorten_middle(self.figures.name, MAX_NAME_LENGTH)


@dataclass(frozen=True)
class PageModels:
    """All models of a run. `focus` is the one to look at closely: the best candidate, else the champion, else None."""

    metric: Metric
    champion: PageModel | None
    candidates: list[PageModel]
    focus: PageModel | None

    @property
    def all(self) -> list[PageModel]:
        """The champion, if there is one, and the candidates."""
        return [*([self.champion] if self.champion else []), *self.candidates]

    @property
    def has_gains(self) -> bool:
        """Whether any candidate was compared."""
        return any(model.figures.gain is not None for model in self.candidates)

    @property
    def base(self) -> str:
        """What the gains are against."""
        return "the champion" if self.champion and self.champion.figures.value is not None else "the trivial predictor"

    @property
    def close(self) -> list[PageModel]:
        """The one in focus, and the champion beside it."""
        pair = [self.focus, self.champion if self.champion is not self.focus else None]
        return [model for model in pair if model is not None]


def page_models(evaluation: Evaluation) -> PageModels:
    """Give each model its colour and find the one in focus."""
    verdicts = {verdict.version: verdict for verdict in evaluation.decision.verdicts}
    candidates = [
        PageModel(summary, f"s{index % COLOURS + 1}", verdicts[summary.figures.version])
        for index, summary in enumerate(evaluation.candidates)
    ]
    champion = PageModel(evaluation.champion, "champion", None) if evaluation.champion else None
    focus = next((model for model in candidates if model.figures.version == evaluation.decision.focus), champion)
    return PageModels(METRICS[evaluation.metric], champion, candidates, focus)
