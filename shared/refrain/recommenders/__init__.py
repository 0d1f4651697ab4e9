"""The estimators that definitions name: each learns from interactions and exports itself as one ONNX graph.

Training only: SciPy and ONNX are imported here, and never where recommendations are given.

May import: recommendation, statistics.
Called by: training.
"""

from refrain.recommenders.alternating import AlternatingLeastSquares
from refrain.recommenders.ease import Ease, FilteredEase
from refrain.recommenders.interaction_matrix import Interactions
from refrain.recommenders.item_knn import ItemKnn
from refrain.recommenders.recommender import Popularity, Recommender

__all__ = ["AlternatingLeastSquares", "Ease", "FilteredEase", "Interactions", "ItemKnn", "Popularity", "Recommender"]
