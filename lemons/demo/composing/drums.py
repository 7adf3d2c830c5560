"""The drummer: patterns into notes, with fills at the ends of sections, crashes after them and a loose hand."""

import numpy as np

from lemons.demo.composing.score import Bar, Note
from lemons.demo.genres.drum_patterns import CALM_LEVEL, DRUM_KEYS, PATTERNS

__all__ = ["beats_in_bar", "drum_notes"]

STRENGTH = {"X": 114, "x": 94, "o": 52, "=": 84, "%": 78}
SOFTER = {"hat": 0.75, "open": 0.75, "ride": 0.8, "crash": 0.8, "shaker": 0.6, "tambourine": 0.65, "cowbell": 0.7}
STROKES = {"=": 2, "%": 3}
STEP = 0.25  # beats
TOMS = ("snare", "high tom", "mid tom", "low tom", "floor tom")


def beats_in_bar(pattern: str) -> float:
    """The length of a pattern's bar, in quarter notes.

    >>> beats_in_bar("seven")
    3.5
    """
    return len(next(iter(PATTERNS[pattern]["full"].values()))) * STEP


def drum_notes(bars: list[Bar], pattern: str, rng: np.random.Generator, *, polish: float) -> list[Note]:
    """The drum kit's notes.

    Parameters
    ----------
    bars : list of Bar
        the whole track; only bars with ``d`` among their stems are played
    pattern : str
        a key of ``PATTERNS``
    rng : np.random.Generator
        random state, for ghost notes, fills and strength
    polish : float in [0, 1]
        how much of a hit the production is: adds claps and a tambourine

    Returns
    -------
    list of Note
    """
    notes = []
    was_resting = True
    for bar in bars:
        if "d" not in bar.stems:
            was_resting = True
            continue
        if bar.section == "build":
            notes += _snare_roll(bar)
            continue
        lines = dict(PATTERNS[pattern]["full" if bar.level > CALM_LEVEL else "calm"])
        if polish > 0.55 and bar.level > 0.5:
            lines["tambourine"] = "oxXxoxXxoxXxoxXxoxXx"[: len(lines.get("kick", "x" * 16))]
            lines["clap"] = lines.get("snare", lines.get("clap", "....X.......X..."))
        fill = bar.last and rng.random() < 0.85
        fill_from = bar.beats - rng.choice([1.0, 2.0], p=[0.6, 0.4]) if fill else bar.beats
        for name, line in lines.items():
            for step, sign in enumerate(line):
                at = step * STEP
                if sign not in STRENGTH or at >= fill_from or (sign == "o" and rng.random() < 0.25):
                    continue
                n_strokes = STROKES.get(sign, 1)
                for stroke in range(n_strokes):
                    length = 0.45 if name == "open" else STEP / n_strokes
                    strength = STRENGTH[sign] * (0.82 + 0.18 * bar.level) * SOFTER.get(name, 1) - 6 * stroke
                    notes.append(_stroke(bar.start + at + stroke * STEP / n_strokes, length, name, strength, rng))
        if fill:
            notes += _fill(bar.start + fill_from, bar.beats - fill_from, bar.level, rng)
        if bar.first and (bar.level > 0.6 or was_resting):
            notes.append(_stroke(bar.start, 2.0, "crash", 100, rng))
        was_resting = False
    return notes


def _stroke(start: float, length: float, name: str, strength: float, rng: np.random.Generator) -> Note:
    velocity = int(min(127, max(20, strength + rng.normal(0, 5))))
    return Note(start, length, DRUM_KEYS[name], velocity)


def _fill(start: float, length: float, level: float, rng: np.random.Generator) -> list[Note]:
    """Down the toms in sixteenths, with gaps, ending loud."""
    n_steps = round(length / STEP)
    drums = np.sort(rng.integers(0, len(TOMS), n_steps))
    notes = [_stroke(start, STEP, "kick", 100, rng)]
    for step, drum in enumerate(drums):
        if rng.random() < 0.8 or step == n_steps - 1:
            strength = (78 + 34 * (step + 1) / n_steps) * (0.8 + 0.2 * level)
            notes.append(_stroke(start + step * STEP, STEP, TOMS[drum], strength, rng))
    return notes


def _snare_roll(bar: Bar) -> list[Note]:
    """Eighths, then sixteenths, then thirty-seconds in the last bar; louder and louder."""
    pace = 0.125 if bar.last else 0.25
    times = np.arange(0, bar.beats, pace)
    return [
        Note(bar.start + at, pace, DRUM_KEYS["snare"], int(45 + 55 * bar.level * (at / bar.beats if bar.last else 0.4)))
        for at in times
    ]
