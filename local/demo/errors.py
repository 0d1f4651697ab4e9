"""What ends the demo before its end."""


class DemoFailed(Exception):
    """Something did not come out as it should; one sentence for the person who watches."""
