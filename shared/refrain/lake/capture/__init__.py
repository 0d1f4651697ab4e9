"""What was asked and answered, kept for drift, quality and the next training.

A request becomes a `record`, a record becomes `lines` on standard output, which the log carries to the lake, and
`reading` takes them from there. Nothing here speaks to AWS while a caller waits.
"""
