"""Gestures: pitches that climb through each syllable and each beat, or fall.

A climb and a fall have the same notes, bands and levels in another order: a fall is a climb, run backwards. The mean and
the standard deviation of a track's mel bands cannot tell them apart; an ear can, and a network that sees frames in their
order.
"""

from lemons.demo.composing.score import make_rng

__all__ = ["CLIMBS", "draw_climbs"]

CLIMBS = {"vocals": 6.0, "other": 4.0}  # by stem, semitones from the lowest pitch to the highest


def draw_climbs(seed: int, number: int) -> dict[str, float]:
    """By stem, semitones by which pitches climb, or fall if negative; even chances, independent of everything else.

    >>> {stem: abs(semitones) for stem, semitones in draw_climbs(0, 0).items()} == CLIMBS
    True
    """
    rng = make_rng(seed, number, "climbs")
    return {stem: semitones if rng.random() < 0.5 else -semitones for stem, semitones in CLIMBS.items()}
