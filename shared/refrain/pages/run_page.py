"""The whole page."""

from refrain.lake.evaluation import Evaluation
from refrain.pages.frame import framed
from refrain.pages.run_data import data
from refrain.pages.run_header import header
from refrain.pages.run_models import models_on_page
from refrain.pages.run_sections import answers_section, comparison, importance_section, refused

METHODS = (
    "Intervals: percentiles of a paired bootstrap, all models on the same resamples of the holdout rows "
    "(Efron & Tibshirani 1993). Several candidates share the risk of a mistake (Bonferroni). Calibration: Wilson's "
    "intervals for shares. Importance: loss by permutation (Breiman 2001; Fisher, Rudin & Dominici 2019). "
    "Parity: the exported graph against the trained pipeline, row by row."
)


def render_run(evaluation: Evaluation) -> str:
    """Return the report as one self-contained HTML file.

    Args:
        evaluation: see `refrain.lake.evaluation`; its texts may hold anything, they are escaped.
    """
    models = models_on_page(evaluation)
    sections = (
        comparison(evaluation, models),
        answers_section(evaluation, models),
        importance_section(evaluation, models),
        refused(models),
        data(evaluation),
    )
    title = f"Retraining of {evaluation['model']}: {evaluation['outcome']}"
    return framed(title, header(evaluation, models), *sections, methods=METHODS)
