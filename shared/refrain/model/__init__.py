"""A model version, loaded and proved: its answers, its golden replay, its familiarity with an instance.

May import: aws, lake, statistics, fast_path, recommendation.
Called by: deployment, evaluation, importing, serving, transfer, trial.
"""
