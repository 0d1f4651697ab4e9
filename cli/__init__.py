"""The `refrain` command, one module a command. A command parses, asks a story or the stack, and shows the answer.

May import the stories, the local cloud and rich; heavy packages only inside functions, so that `refrain --help` is
fast. Nobody imports it but the demo, which shows receipts and runs in the same way.
"""
