"""Learn from plays what to recommend: estimators that export themselves to one graph each.

Training only: SciPy and ONNX are imported here, and never where recommendations are given.
"""

from refrain.recommenders.ease import Ease
from refrain.recommenders.plays import Plays
from refrain.recommenders.popularity import Popularity
from refrain.recommenders.recommender import Recommender

__all__ = ["Ease", "Plays", "Popularity", "Recommender"]
