"""The compared models as the report shows them: with a colour, a place and what became of each."""

from dataclasses import dataclass

from refrain.evaluation.decision import REFUSALS
from refrain.lake.evaluation import Curves, Evaluation, FiguresDocument, Importance, ModelDocument, VerdictDocument
from refrain.pages.svg import shorten_middle
from refrain.statistics.metrics import METRICS, Metric

COLOURS = 6
LONGEST = 28


@dataclass(frozen=True)
class Shown:
    """One model: `colour` is a class of the style, `verdict` None for the champion."""

    document: ModelDocument
    colour: str
    verdict: VerdictDocument | None

    @property
    def figures(self) -> FiguresDocument:
        """Return its figures."""
        return self.document["figures"]

    @property
    def curves(self) -> Curves:
        """Return its curves; empty where it was refused before they were computed."""
        return self.document.get("curves", Curves())

    @property
    def importance(self) -> list[Importance]:
        """Return the importance of its features; empty where it was not asked."""
        return self.document.get("importance", [])

    @property
    def champion(self) -> bool:
        """Whether this is the one in service when the run began."""
        return self.verdict is None

    @property
    def refused(self) -> bool:
        """Whether it did not pass the gate."""
        return self.verdict is not None and self.verdict["code"] in REFUSALS

    @property
    def label(self) -> str:
        """Return the name for drawings."""
        return "champion" if self.champion else shorten_middle(self.figures["name"], LONGEST)


@dataclass(frozen=True)
class Models:
    """All models of a run. `focus` is the one to look at closely: the challenger, else the champion, else None."""

    metric: Metric
    champion: Shown | None
    candidates: list[Shown]
    focus: Shown | None

    @property
    def all(self) -> list[Shown]:
        """Return the champion, if any, and the candidates."""
        return [*([self.champion] if self.champion else []), *self.candidates]

    @property
    def close(self) -> list[Shown]:
        """Return the one in focus and the champion beside it."""
        pair = [self.focus, self.champion if self.champion is not self.focus else None]
        return [each for each in pair if each is not None]


def models_on_page(evaluation: Evaluation) -> Models:
    """Give each model its colour and find the one in focus."""
    verdicts = {verdict["version"]: verdict for verdict in evaluation["decision"]["verdicts"]}
    candidates = [
        Shown(each, f"s{place % COLOURS + 1}", verdicts[each["figures"]["version"]])
        for place, each in enumerate(evaluation["candidates"])
    ]
    document = evaluation["champion"]
    champion = Shown(document, "champion", None) if document else None
    best = [each for each in candidates if each.verdict and each.verdict["code"] in ("promoted", "not_better")]
    return Models(METRICS[evaluation["metric"]], champion, candidates, best[0] if best else champion)
