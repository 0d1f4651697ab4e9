"""Before callers move to new code of inference: does it still answer as every champion's training did?"""
