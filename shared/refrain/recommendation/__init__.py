"""Recommendation: what a user chose before, what to offer next, and how well that foretells what was chosen then.

The parts that training, evaluation and inference share; numpy only. The estimators are in `refrain.recommenders`.
"""
