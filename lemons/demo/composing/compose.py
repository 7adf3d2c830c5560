"""The composer: a seed and a genre in, a `Score` out.

A track is drawn once from its genre's choices and then played through its sections. Some ingredients are borrowed from
a cousin of the genre, as music does, and its production is drawn apart from its genre: both keep tastes from being
trivial to learn.
"""

from collections.abc import Callable

import numpy as np

from lemons.demo.composing.directions import draw_directions
from lemons.demo.composing.drums import beats_in_bar, drum_notes
from lemons.demo.composing.guitars_and_leads import FIGURES
from lemons.demo.composing.keys_and_bass import STYLES, Take
from lemons.demo.composing.score import SCALES, Bar, Note, Part, Score, make_rng, parse_chord
from lemons.demo.composing.vocal_line import choir, sing
from lemons.demo.genres.draw import GENRES
from lemons.demo.genres.drum_patterns import CALM_LEVEL, PATTERNS
from lemons.demo.genres.genre import LEVELS, PLANS, Genre, Layer
from lemons.demo.rendering.soundfont import DRUM_BANK

__all__ = ["DURATION_S", "compose", "lay_out"]

DURATION_S = 30.0
BORROWING = 0.08  # how often an ingredient comes from a cousin of the genre
CENTERS = {"piano": 62, "other": 60, "bass": 33}  # MIDI pitches around which (bass: from which upwards) to play
TIMING_S = {"vocals": 0.01, "piano": 0.008, "drums": 0.004, "bass": 0.006, "other": 0.008}  # a human hand's spread
LIVE_KITS = (0, 8, 16, 32, 40)
OOH = (52, 53)


def compose(seed: int, number: int, genre_name: str) -> Score:
    """Write a track of half a minute.

    Parameters
    ----------
    seed : int
        the library's seed
    number : int >= 0
        the track's place in the library
    genre_name : str
        a key of ``GENRES``

    Returns
    -------
    Score
    """
    genre = GENRES[genre_name]
    rng = make_rng(seed, number, "choices")

    def draw(name: str):
        lender = genre
        if genre.cousins and rng.random() < BORROWING:
            lender = GENRES[genre.cousins[rng.integers(len(genre.cousins))]]
        choices = getattr(lender, name)
        return choices[rng.integers(len(choices))]

    drums, kit = draw("drums"), draw("kits")
    beats = beats_in_bar(drums)
    tempo = round(float(rng.uniform(*genre.tempo)), 1)
    key, mode = int(rng.integers(12)), draw("modes")
    layers = {"bass": (draw("bass"),), "piano": (draw("piano"),), "other": draw("other")}
    manners = tuple(draw("vocals").split("/"))
    swing = float(rng.uniform(*genre.swing))
    polish = float(np.clip(rng.normal(genre.hit, 0.22), 0, 1))
    woman = bool(rng.random() < 0.5)
    bars = lay_out(
        genre, plan=draw("plans"), progression=draw("progressions"), key=key, beats=beats, tempo=tempo, rng=rng
    )

    def to_s(at: float, grid: float = 0.5 if genre.swing_sixteenths else 1.0) -> float:
        whole, rest = divmod(at / grid, 1)
        warped = rest * 2 * swing if rest < 0.5 else swing + (rest - 0.5) * 2 * (1 - swing)
        return (whole + warped) * grid * 60 / tempo

    scale = tuple(sorted((key + one) % 12 for one in SCALES[mode]))
    parts = [_part("drums", Layer("", (kit,)), drum_notes(bars, drums, rng, polish=polish), rng, to_s)]
    for stem, played in layers.items():
        for layer in played:
            notes = _play(bars, layer, stem, scale=scale, drums=drums, seed=seed, number=number)
            parts.append(_part(stem, layer, notes, rng, to_s))
    register = int(rng.integers(60, 66) if woman else rng.integers(50, 57))
    if "scream" in manners:
        register -= 2
    backing = polish > 0.5
    parts.append(
        _part("vocals", Layer("", OOH, gain_db=-4), choir(bars, manners, center=64, backing=backing), rng, to_s)
    )
    syllables = sing(
        bars,
        manners,
        scale=tuple(sorted((key + one) % 12 for one in SCALES["pentatonic" if mode == "major" else mode])),
        register=register,
        motif_of=lambda kind: make_rng(seed, number, f"phrase {kind}"),
        rng=rng,
        to_s=to_s,
    )
    sung = [one.manner for one in syllables]
    traits = {
        "sung": float("sing" in sung),
        "rapped": float("rap" in sung),
        "screamed": float("scream" in sung),
        "major": float(mode in ("major", "pentatonic")),
        "live": float(kit in LIVE_KITS),
        "distortion": float(min(1.0, max(layer.drive for layer in layers["other"]) / 15)),
        "polish": polish,
        "bright": float(rng.choice([-0.9, 0.9]) + rng.normal(0, 0.3)),  # an old, dark or a new, bright mix
        "loud": float(rng.normal()),
    } | draw_directions(seed, number)
    sound = {
        "room": genre.room * float(rng.uniform(0.6, 1.5)),
        "drum_room": 0.12 * traits["live"],
        "pump": genre.pump,
        "bass_db": genre.bass_db,
        "loudness_db": 0.6 * genre.loudness_db + 2.2 * traits["loud"],
        "tilt_db": 5.0 * traits["bright"] + 1.5 * (polish - 0.4),
        "woman": float(woman),
    }
    choices = {"drums": drums, "vocals": "/".join(manners)} | {stem: some[0].style for stem, some in layers.items()}
    sections = [
        (bar.section, to_s(bar.start), to_s(end)) for bar, end in _sections(bars) if to_s(bar.start) < DURATION_S
    ]
    sections[-1] = (*sections[-1][:2], DURATION_S)
    parts = [part for part in parts if part.notes]
    return Score("", genre_name, tempo, key, mode, sections, parts, syllables, choices, traits, sound)


def lay_out(
    genre: Genre, *, plan: str, progression: str, key: int, beats: float, tempo: float, rng: np.random.Generator
) -> list[Bar]:
    """The bars of a track: the plan's sections stretched or shrunk to half a minute, chords laid under them."""
    sections = [one.split(":") for one in PLANS[plan].split()]
    n_bars = max(len(sections), int(np.ceil(DURATION_S * tempo / 60 / beats - 0.25)))
    proportions = np.array([float(size) for _, size, _ in sections])
    ends = np.rint(np.cumsum(proportions) / proportions.sum() * n_bars).astype(int)
    ends = np.maximum(ends, np.arange(1, len(sections) + 1))  # no section vanishes
    chords = [parse_chord(symbol, key) for symbol in progression.split()]
    halves = 2 if tempo < 88 and len(chords) > 2 and rng.random() < 0.6 else 1  # slow music changes twice in a bar
    bars, start_bar = [], 0
    for (name, _, stems), end in zip(sections, ends, strict=True):
        for number in range(start_bar, end):
            # the harmony starts again with each section, but a form of twelve bars runs through
            since = number - (0 if len(chords) == 12 else start_bar)
            half = beats / halves
            under = tuple((i * half, half, chords[(since * halves + i) % len(chords)]) for i in range(halves))
            level = LEVELS[name] + (0.1 if name == "verse" and start_bar > n_bars / 2 else 0)
            bars.append(
                Bar(number, number * beats, beats, under, name, level, stems, number == start_bar, number == end - 1)
            )
        start_bar = max(start_bar, end)
    return bars


def _play(
    bars: list[Bar], layer: Layer, stem: str, *, scale: tuple[int, ...], drums: str, seed: int, number: int
) -> list[Note]:
    """All notes of one layer."""
    play = (STYLES | FIGURES)[layer.style]
    notes = []
    for bar, following in zip(bars, [*bars[1:], bars[-1]], strict=True):
        if stem[0] not in bar.stems or (layer.only and bar.section not in layer.only.split()):
            continue
        loud = bar.level > CALM_LEVEL
        take = Take(
            bar=bar,
            next_chord=following.chord_at(0),
            scale=scale,
            rng=make_rng(seed, number, f"{stem} {layer.style} bar {bar.number}"),
            motif=make_rng(seed, number, f"{stem} {layer.style} {'loud' if loud else 'calm'}"),
            kick=PATTERNS[drums]["full" if loud else "calm"].get("kick", "X.......X......."),
            center=CENTERS[stem],
        )
        notes += play(take)
    return notes


def _part(stem: str, layer: Layer, notes: list[Note], rng: np.random.Generator, to_s: Callable[[float], float]) -> Part:
    """Notes in beats become a part in seconds, played by a human."""
    spread = rng.normal(0, TIMING_S[stem], len(notes))
    strength = rng.normal(0, 4, len(notes))
    seconds = []
    for note, late, more in zip(notes, spread, strength, strict=True):
        start = max(0.0, to_s(note.start) + late)
        if start < DURATION_S:
            length = max(0.03, to_s(note.start + note.length) - to_s(note.start))
            velocity = int(min(127, max(1, note.velocity + more)))
            seconds.append((start, length, note.pitch, velocity))
    program = int(layer.programs[rng.integers(len(layer.programs))])
    bank = DRUM_BANK if stem == "drums" else 0
    return Part(stem, program, seconds, bank, layer.gain_db, layer.drive, layer.low_pass_hz, layer.echo_beats * to_s(1))


def _sections(bars: list[Bar]):
    """The first bar and the end, in beats, of every section."""
    firsts = [bar for bar in bars if bar.first]
    ends = [bar.start for bar in firsts[1:]] + [bars[-1].start + bars[-1].beats]
    return zip(firsts, ends, strict=True)
