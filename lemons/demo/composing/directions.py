"""Directions in time: two traits that a mean over time cannot tell.

The drums of a track run forwards or backwards within each beat; the pitch of its other instruments climbs and snaps
back, again and again, or falls and snaps back. One way is the other, played backwards: the same notes, bands and levels
in another order. So the mean and the standard deviation of a track's mel bands say nothing of them; an ear does, and so
does a network that sees the order of frames.
"""

from lemons.demo.composing.score import make_rng

__all__ = ["DIRECTIONS", "draw_directions"]

DIRECTIONS = ("drums backwards", "other climbs")  # names of the traits: 1, or -1 for the opposite


def draw_directions(seed: int, number: int) -> dict[str, float]:
    """A track's directions, 1 or -1: even chances, independent of each other and of everything else.

    >>> [abs(draw_directions(0, 0)[name]) for name in DIRECTIONS]
    [1.0, 1.0]
    """
    rng = make_rng(seed, number, "directions")
    return {name: 1.0 if rng.random() < 0.5 else -1.0 for name in DIRECTIONS}
