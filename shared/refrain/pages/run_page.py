"""The whole page."""

from refrain.lake.evaluation import Evaluation
from refrain.pages.frame import framed
from refrain.pages.run_data import data
from refrain.pages.run_header import header
from refrain.pages.run_models import shown
from refrain.pages.run_sections import comparison, importance, quality, refused

METHODS = (
    "Intervals: percentiles of a paired bootstrap, all models on the same resamples of the holdout rows "
    "(Efron & Tibshirani 1993). Several candidates share the risk of a mistake (Bonferroni). Calibration: Wilson's "
    "intervals for shares. Importance: loss by permutation (Breiman 2001; Fisher, Rudin & Dominici 2019). "
    "Parity: the exported graph against the trained pipeline, row by row."
)


def render(evaluation: Evaluation) -> str:
    """Return the report as one self-contained HTML file.

    Args:
        evaluation: see `refrain.lake.evaluation`; its texts may hold anything, they are escaped.
    """
    models = shown(evaluation)
    sections = (
        comparison(evaluation, models),
        quality(evaluation, models),
        importance(evaluation, models),
        refused(models),
        data(evaluation),
    )
    title = f"Retraining of {evaluation['model']}: {evaluation['outcome']}"
    return framed(title, header(evaluation, models), *sections, methods=METHODS)
