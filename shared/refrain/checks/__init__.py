"""Method checks: whether the rows, the split and the model of a run allow what its figures claim.

They need numpy alone, look at a sample of bounded size, and never stop a run.

May import: lake, statistics.
Called by: drafting, evaluation.
"""
