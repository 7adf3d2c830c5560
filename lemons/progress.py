"""How long work reports how far it is."""

from collections.abc import Callable

__all__ = ["Progress"]

Progress = Callable[[int, int], None]
"""``progress(done, total)``: how many units of work are done, of how many; called now and then, may raise to cancel."""
