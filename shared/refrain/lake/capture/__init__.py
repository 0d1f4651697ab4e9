"""Requests and answers, captured for drift, quality and the next training.

A request becomes a `record`, and a record `lines` on standard output, which the log carries to the lake. There
`reading` finds them. Nothing here calls AWS while a caller waits.
"""
