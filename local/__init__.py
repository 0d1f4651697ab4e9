"""The cloud on one machine: the real template on moto, with functions run as Lambda runs them."""
