"""What a composed track is made of: bars, chords, notes, syllables, parts.

Conventions: time inside composing functions is in beats (quarter notes) from the start of the track; a `Part` and a
`Syllable` carry seconds. Pitches are MIDI numbers, velocities 1 to 127.
"""

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

__all__ = ["SCALES", "Bar", "Chord", "Note", "Part", "Score", "Syllable", "make_rng", "parse_chord"]

QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m9": (0, 3, 7, 10, 14),
    "9": (0, 4, 7, 10, 14),
    "sus": (0, 5, 7),
    "add9": (0, 4, 7, 14),
}
DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "pentatonic": (0, 2, 4, 7, 9),
}
KEY_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def make_rng(seed: int, number: int, part: str) -> np.random.Generator:
    """The random state of one part of one track, independent of other parts and tracks."""
    digest = hashlib.sha256(f"{seed}/{number}/{part}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


class Note(NamedTuple):
    """A note, in beats."""

    start: float
    length: float
    pitch: int
    velocity: int


class Syllable(NamedTuple):
    """A sung, rapped or screamed syllable, in seconds."""

    start_s: float
    duration_s: float
    pitch: float
    velocity: int
    vowel: str
    consonant: str
    manner: str  # sing, rap or scream


@dataclass(frozen=True)
class Chord:
    """A chord: ``root`` is a pitch class, ``intervals`` are semitones above it."""

    root: int
    intervals: tuple[int, ...]

    def near(self, center: int) -> list[int]:
        """Its tones, each in the octave around ``center``, from low to high.

        >>> Chord(9, (0, 3, 7)).near(60)
        [57, 60, 64]
        """
        return sorted(center - 6 + (self.root + one - center + 6) % 12 for one in self.intervals)

    def bass(self, lowest: int) -> int:
        """Its root, the first one from ``lowest`` upwards."""
        return lowest + (self.root - lowest) % 12


@dataclass(frozen=True)
class Bar:
    """A bar and what happens in it.

    ``chords`` holds (offset, length, chord) in beats; ``level`` is the section's energy in [0, 1].
    """

    number: int
    start: float
    beats: float
    chords: tuple[tuple[float, float, Chord], ...]
    section: str
    level: float
    stems: str
    first: bool
    last: bool

    def chord_at(self, offset: float) -> Chord:
        """The chord that sounds ``offset`` beats after the bar line."""
        return next(chord for at, _, chord in reversed(self.chords) if at <= offset + 1e-6)


@dataclass
class Part:
    """The notes of one instrument, in seconds, and how it sounds."""

    stem: str
    program: int
    notes: list[tuple[float, float, int, int]]
    bank: int = 0
    gain_db: float = 0.0
    drive: float = 0.0  # 0: clean; 5: crunch; 20: metal
    low_pass_hz: float = 0.0  # 0: none
    echo_s: float = 0.0  # 0: none


@dataclass
class Score:
    """A composed track."""

    track_id: str
    genre: str
    tempo: float
    key: int
    mode: str
    sections: list[tuple[str, float, float]]  # name, start and end in seconds
    parts: list[Part]
    syllables: list[Syllable]
    choices: dict[str, str] = field(default_factory=dict)  # how drums, bass, piano, other and vocals are played
    traits: dict[str, float] = field(default_factory=dict)  # what listeners may care about, mostly in [0, 1]
    sound: dict[str, float] = field(default_factory=dict)  # what the mixing desk does

    @property
    def key_name(self) -> str:
        """Such as "A minor"."""
        return f"{KEY_NAMES[self.key]} {self.mode}"


def parse_chord(symbol: str, key: int) -> Chord:
    """A chord from its Roman numeral: small letters are minor, b lowers, a quality may follow.

    >>> parse_chord("bVII", key=9)
    Chord(root=7, intervals=(0, 4, 7))
    >>> parse_chord("ii7", key=0)
    Chord(root=2, intervals=(0, 3, 7, 10))
    """
    flat = symbol.startswith("b")
    numeral = symbol.removeprefix("b")
    letters = numeral[: len(numeral) - len(numeral.lstrip("IViv"))]
    quality = numeral[len(letters) :]
    if letters.islower() and not quality.startswith("m"):
        quality = "m" + quality
    return Chord((key + DEGREES[letters.upper()] - flat) % 12, QUALITIES[quality])
