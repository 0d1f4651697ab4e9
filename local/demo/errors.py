"""The error that ends the demo early."""


class DemoFailed(Exception):
    """A step of the demo went wrong; the message is one sentence for the person who watches."""
