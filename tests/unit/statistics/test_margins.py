from __future__ import annotations

import pytest

from refrain.statistics.margins import Margin
from refrain.statistics.metrics import METRICS


@pytest.mark.parametrize(
    ("metric", "champion", "trivial", "amount"),
    [
        ("accuracy", 0.95, 0.5, 0.005),  # a tenth of the 5 points that are wrong
        ("accuracy", 0.9, 0.87, 0.003),  # a tenth of the lead over the most frequent class
        ("roc_auc", 0.6, 0.5, 0.01),
        ("log_loss", 0.06, 0.07, 0.001),
        ("rmse", 2.0, 40.0, 0.2),
        ("r2", 0.9, 0.0, 0.01),
        ("mae", 2.0, None, 0.2),  # nothing is known of the trivial predictor
        ("log_loss", 0.8, 0.7, 0.0),  # no lead, so nothing may be lost
        ("ndcg@10", 0.3, 0.2, 0.01),
    ],
)
def test_a_margin_is_a_share_of_what_is_at_stake(
    metric: str, champion: float, trivial: float | None, amount: float
) -> None:
    margin = Margin.of(METRICS[metric], champion, trivial, 0.1)

    assert margin.amount == pytest.approx(amount)
    assert margin.share == 0.1
