"""The voice's part: who sings, raps or screams which syllables when.

A section's phrase is a motif of two bars (rhythm, contour, vowels) that comes back in every section of its kind, so
that a chorus can be recognised; its pitches bend to the chords.
"""

import numpy as np

from lemons.demo.composing.score import Bar, Note, Syllable

__all__ = ["choir", "sing"]

VOWELS = ("a", "e", "i", "o", "u")
CONSONANTS = ("", "m", "n", "l", "s", "t", "k", "f", "d", "sh")
RHYTHMS = {  # two bars of sixteenths for each manner: x begins a syllable, - holds it
    "sing": (
        "x-x-x---x-x---..x-x-x---x-----..",
        "..x-x-x-x---x---..x-x-x-x-------",
        "x---x-x-x---....x---x-x-x-----..",
        "....x-x-x-x-x---....x-x-x-------",
    ),
    "chorus": (
        "x---x---x-x-x---x---x---x-------",
        "x-----x-x-----x-x---x---x-------",
        "x-x-x-x-x-------x-x-x-x-x-------",
    ),
    "rap": (
        "xxx.xxx.xx.xxxx.xxx.xx.xxxx.x-..",
        "x.xxx.xxx.xxx.x.x.xxx.xxx.x-x-..",
        "..xxxxx.xxxxx.x...xxxxx.xxx.x-..",
        "xxxxxxx.xxxxx-..xxxxxxx.xxx.x-..",
    ),
    "toast": ("x.x.xx..x.x.x---..x.xx..x-..x-..", "..xx.x..xx.x-.....xx.x..x.x-x---"),
    "scream": (
        "x-------x-----..x---x---x-------",
        "x---x---x-------x-----x-x-------",
        "x-x-x-x-x---....x-x-x---x-------",
    ),
}


def sing(bars: list[Bar], manners: tuple[str, str], *, scale: tuple[int, ...], register: int, motif_of, rng, to_s):
    """The syllables of a track.

    Parameters
    ----------
    bars : list of Bar
        the whole track; only bars with ``v`` among their stems are sung
    manners : (str, str)
        how verses and choruses are sung: sing, rap, toast or scream; anything else is no work for this voice
    scale : tuple of int
        pitch classes that may be sung
    register : int
        middle of the voice, a MIDI pitch
    motif_of : callable
        ``motif_of(kind) -> np.random.Generator``, the same random state for the same kind of section
    rng : np.random.Generator
        random state for what differs from bar to bar
    to_s : callable
        ``to_s(beats) -> seconds``

    Returns
    -------
    list of Syllable
    """
    syllables = []
    since = 0  # bars since this section began
    for bar in bars:
        since = 0 if bar.first else since + 1
        loud = bar.section in ("chorus", "drop")
        manner = manners[loud]
        if "v" not in bar.stems or manner not in ("sing", "rap", "toast", "scream"):
            continue
        motif = motif_of("chorus" if loud else "verse")
        kind = "chorus" if manner == "sing" and loud else manner
        rhythm = RHYTHMS[kind][motif.integers(len(RHYTHMS[kind]))]
        contour = np.cumsum(motif.integers(-2, 3, 32)) % 7 - 3
        letters = motif.integers(0, [[len(VOWELS)], [len(CONSONANTS)]], (2, 32))
        center = register + (4 if loud else 0)
        half = 16 * (since % 2)
        n_steps = round(bar.beats * 4)
        signs = (rhythm[half : half + 16] * 2)[:n_steps]
        for step, sign in enumerate(signs):
            if sign != "x" or (kind == "rap" and rng.random() < 0.06):
                continue
            held = len(signs[step + 1 :]) - len(signs[step + 1 :].lstrip("-")) + 1
            at, index = step / 4, half + step if half + step < 32 else step
            if manner == "sing":
                pitch = _on_scale(center + 2 * contour[index], scale)
                if step % 8 == 0 or held > 3:  # what is stressed or held belongs to the chord
                    chord = np.array(bar.chord_at(at).near(center))
                    pitch = chord[np.abs(chord - pitch).argmin()]  # the first of two as near
            elif manner == "toast":
                pitch = bar.chord_at(at).near(center - 3)[index % 2] + rng.normal(0, 0.3)
            else:
                pitch = center - 5 + 0.8 * contour[index] - 2 * (at / bar.beats) + rng.normal(0, 0.7)
            start = to_s(bar.start + at) + rng.normal(0, 0.008)
            end = to_s(bar.start + at + 0.25 * held * (0.95 if held > 1 else 0.85))
            vowel, consonant = VOWELS[letters[0, index]], CONSONANTS[letters[1, index]]
            velocity = int(min(127, max(1, 80 + 25 * bar.level + rng.normal(0, 6))))
            drawn = {"toast": "rap"}.get(manner, manner)
            syllables.append(
                Syllable(max(0.0, start), max(0.05, end - start), pitch, velocity, vowel, consonant, drawn)
            )
    return syllables


def choir(bars: list[Bar], manners: tuple[str, str], *, center: int, backing: bool) -> list[Note]:
    """Held "ooh" chords: where the genre asks for them, and behind the choruses of a polished production."""
    notes = []
    for bar in bars:
        loud = bar.section in ("chorus", "drop")
        if "v" not in bar.stems or not (manners[loud] == "ooh" or (backing and loud)):
            continue
        for at, length, chord in bar.chords:
            strength = 92 if manners[loud] == "ooh" else 76
            notes += [Note(bar.start + at, length * 0.96, pitch, strength) for pitch in chord.near(center)[:3]]
    return notes


def _on_scale(pitch: float, scale: tuple[int, ...]) -> int:
    pitch = round(pitch)
    while pitch % 12 not in scale:
        pitch -= 1
    return pitch
