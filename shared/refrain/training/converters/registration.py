"""The table of the project's own converters, and what makes skl2onnx use it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from skl2onnx import update_registered_converter
from skl2onnx._parse import update_registered_parser
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.base import ClassifierMixin
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import MissingIndicator
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.semi_supervised import LabelPropagation, LabelSpreading
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from refrain.training.converters.constant_answers import (
    convert_dummy_classifier,
    convert_dummy_regressor,
    convert_isotonic,
)
from refrain.training.converters.feature_steps import (
    convert_empty_features,
    convert_missing_indicator,
    convert_one_hot,
    convert_scaler,
    convert_target_codes,
    convert_word_weights,
    parse_empty_features,
)
from refrain.training.converters.graph_step import make_converter, make_shape
from refrain.training.converters.kernels import convert_gaussian_process_classifier, convert_kernel_ridge
from refrain.training.converters.linear_models import LINEAR, convert_linear
from refrain.training.converters.linear_scores import (
    convert_linear_discriminant,
    convert_nearest_centroid,
    convert_projection,
)
from refrain.training.converters.nearest_rows import (
    convert_label_propagation,
    convert_radius_neighbours,
    convert_tied_neighbours,
)
from refrain.training.converters.trees import convert_histogram_boosting, convert_trees
from refrain.training.empty_features import EmptyFeatures
from refrain.training.shared_ties import TiedClassifier, TiedRegressor
from refrain.training.word_weights import WordWeights

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.training.converters.graph_step import GraphStep

    type Conversion = tuple[Callable[[GraphStep], None], Callable[[Any], int]]
    """Adds the nodes of a fitted step; counts the columns that it puts out."""

STEPS: dict[type, Conversion] = {
    EmptyFeatures: (convert_empty_features, lambda features: len(features.empty)),
    MissingIndicator: (convert_missing_indicator, lambda indicator: len(indicator.features_)),
    OneHotEncoder: (convert_one_hot, lambda encoder: sum(map(len, encoder.categories_))),
    StandardScaler: (convert_scaler, lambda scaler: len(scaler.mean_)),
    TargetEncoder: (convert_target_codes, lambda encoder: len(encoder.encodings_)),
    WordWeights: (convert_word_weights, lambda words: len(words.weights_)),
}
"""Steps before the estimator."""

ESTIMATORS: dict[type, Callable[[GraphStep], None]] = {
    CCA: convert_projection,
    DecisionTreeClassifier: convert_trees,
    DecisionTreeRegressor: convert_trees,
    DummyClassifier: convert_dummy_classifier,
    DummyRegressor: convert_dummy_regressor,
    ExtraTreeClassifier: convert_trees,
    ExtraTreeRegressor: convert_trees,
    ExtraTreesClassifier: convert_trees,
    ExtraTreesRegressor: convert_trees,
    GaussianProcessClassifier: convert_gaussian_process_classifier,
    HistGradientBoostingRegressor: convert_histogram_boosting,
    IsotonicRegression: convert_isotonic,
    KNeighborsClassifier: convert_tied_neighbours,
    KNeighborsRegressor: convert_tied_neighbours,
    KernelRidge: convert_kernel_ridge,
    LabelPropagation: convert_label_propagation,
    LabelSpreading: convert_label_propagation,
    LinearDiscriminantAnalysis: convert_linear_discriminant,
    NearestCentroid: convert_nearest_centroid,
    PLSCanonical: convert_projection,
    PLSRegression: convert_projection,
    RadiusNeighborsClassifier: convert_radius_neighbours,
    RadiusNeighborsRegressor: convert_radius_neighbours,
    RandomForestClassifier: convert_trees,
    RandomForestRegressor: convert_trees,
    TiedClassifier: convert_tied_neighbours,
    TiedRegressor: convert_tied_neighbours,
} | dict.fromkeys(LINEAR, convert_linear)
"""Estimators, which put out one column, or one for each class."""


@cache
def register_converters() -> None:
    """Make skl2onnx convert by these tables, once for the process."""
    estimators = {kind: (convert, _answers) for kind, convert in ESTIMATORS.items()}
    for kind, (convert, count_columns) in (STEPS | estimators).items():
        numbers = DoubleTensorType if issubclass(kind, LINEAR) else FloatTensorType
        alias, shape = f"Refrain{kind.__name__}", make_shape(count_columns, numbers)
        update_registered_converter(kind, alias, shape, make_converter(convert), options=_options(kind))
    update_registered_parser(EmptyFeatures, parse_empty_features)


def _answers(estimator: Any) -> int:
    return len(getattr(estimator, "classes_", "1"))


def _options(kind: type) -> dict[str, Any] | None:
    """Keep the options that skl2onnx knows, since its own converters ask for them; others need `zipmap` alone."""
    alias = sklearn_operator_name_map.get(kind)
    if alias is not None:
        return cast("dict[str, Any] | None", get_converter(alias).get_allowed_options())
    return {"zipmap": [False]} if issubclass(kind, ClassifierMixin) else None
