"""Is the model still fed what it was trained on, is it still as good, and should it be trained again?

Statistics and decisions are pure functions of counts and figures; `look` reads and writes around them.
"""
