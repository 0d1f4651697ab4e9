"""What turned out to be true: labels as they came, read back, and joined with the predictions that they are of.

The fate of a label:

- late: kept; it counts for the window in which its prediction was made, whenever that is looked at again, and for the
  next training;
- repeated: kept, and changes nothing;
- contradicting: all are kept, the last one received counts;
- of a prediction that nobody knows: kept, and counted as unmatched (it may yet be delivered, or was not captured);
- malformed: the whole call is refused, and nothing is kept of it; of an upload, the row is rejected.
"""
