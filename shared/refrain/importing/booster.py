"""A native booster of LightGBM as the estimator that its scikit-learn interface would have made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.errors import CannotImport
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASSIFYING = ("binary", "multiclass", "multiclassova")


def wrap_booster(booster: Any, classes: Sequence[str]) -> Any:
    """Return a fitted estimator; `classes` are those of a classifier, in its order. Raises `CannotImport`."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    objective = str(booster.dump_model(num_iteration=1)["objective"]).partition(" ")[0]
    is_classifier = objective in CLASSIFYING
    estimator = LGBMClassifier() if is_classifier else LGBMRegressor()
    state = {"_Booster": booster, "fitted_": True, "_objective": objective, "_best_iteration": booster.best_iteration}
    names = booster.feature_name()
    state |= {"_n_features": len(names), "_n_features_in": len(names)}
    if is_classifier:
        width = 2 if objective == "binary" else booster.num_model_per_iteration()
        if len(classes) != width:
            raise CannotImport(
                f"the booster has {width} classes, and {listed(list(classes)) or 'none'} are named: "
                "name them in its order with --classes"
            )
        state |= {"_n_classes": width, "_classes": np.array(classes)}
    for name, value in state.items():
        setattr(estimator, name, value)
    return estimator
