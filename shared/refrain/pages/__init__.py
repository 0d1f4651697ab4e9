"""The report of one retraining run: one HTML file that a person can open, print and forward.

Plain functions from the evaluation document to strings. Nothing is loaded from anywhere, and there is no script.
"""

from refrain.pages.run_page import render

__all__ = ["render"]
