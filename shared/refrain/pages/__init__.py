"""From a document to one HTML file that a person can open, print and forward: reports and monitoring pages.

Plain functions from documents to text. A page loads nothing from elsewhere and has no script.

May import: lake, statistics.
Called by: deployment, monitoring.
"""
