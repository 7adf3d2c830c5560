"""Tracks with planted traits, recombined from the true stems of the demo library: no rendering.

A track takes 10 seconds. Each stem is an excerpt of another track's, the one that rests least, at -31 dB where it
sounds, give or take 1.5 dB; nothing limits the mix. Traits are drawn independently, each with even chances: a kick on
every beat, a distorted lead stem, rapped vocals, and a hum too quiet to notice in the piano, the Clever Hans. What else
a track has, says nothing of its traits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lemons.audio import SAMPLE_RATE, load, quantize
from lemons.demo.composing.compose import compose
from lemons.demo.composing.score import Score
from lemons.demo.genres.drum_patterns import PATTERNS
from lemons.errors import DataError
from lemons.library import Library
from lemons.progress import Progress
from lemons.segments import FADE, Segments

__all__ = [
    "HUM",
    "N_SEGMENTS",
    "STEMS",
    "TRAITS",
    "Donors",
    "Recipe",
    "Trait",
    "draw_recipe",
    "find_donors",
    "graft",
    "measure_stems",
    "segments_of",
    "sounds_of",
    "stem_of",
    "twin",
]

STEMS = ("vocals", "piano", "drums", "bass", "other")
N_SEGMENTS = 5
N_SAMPLES = 10 * SAMPLE_RATE  # of a track: segments of 2 s, longer than the receptive field
LEVEL_DB, SPREAD_DB = -31.0, 1.5  # RMS of a stem where it sounds, and the half-width of its draw
FRAME = SAMPLE_RATE // 20  # samples over which levels are taken
ACTIVE_DB = -30.0  # a frame sounds if it is no more than this below the stem's loudest
LEAST_ACTIVE = 0.4  # share of the frames of each segment in which a donor must sound: none is without the trait
HUM_HZ, HUM_DB = 6200.0, -58.0
BEATS = {0, 4, 8, 12}  # sixteenths of a bar of four quarters
DISTORTED = 14.0  # drive from which a lead stem is
DEMO_SEED = 0


@dataclass(frozen=True)
class Trait:
    """Something that a stem has or lacks.

    Attributes
    ----------
    name, stem : str
    variant : callable
        of a demo track's score: True if its stem has the trait, False if it has the opposite, None if neither is clear
    """

    name: str
    stem: str
    variant: Callable[[Score], bool | None]


def _kick_on_every_beat(score: Score) -> bool | None:
    """On the beats and nowhere else, calm or not; the opposite leaves two of them out, or more."""
    bars = PATTERNS[score.choices["drums"]].values()
    strokes = [{step for step, sign in enumerate(bar.get("kick", "")) if sign != "."} for bar in bars]
    if all(steps == BEATS for steps in strokes):
        return True
    return False if all(len(steps & BEATS) <= 2 for steps in strokes) else None


def _distorted(score: Score) -> bool | None:
    drive = max((part.drive for part in score.parts if part.stem == "other"), default=None)
    return None if drive is None or 0 < drive < DISTORTED else drive >= DISTORTED


def _rapped(score: Score) -> bool | None:
    manners = {one.manner for one in score.syllables}
    return None if manners not in ({"rap"}, {"sing"}) else manners == {"rap"}


TRAITS = (
    Trait("four on the floor", "drums", _kick_on_every_beat),
    Trait("distorted", "other", _distorted),
    Trait("rapped", "vocals", _rapped),
)
HUM = "hum"  # a trait of the piano that no donor has


@dataclass(frozen=True)
class Donors:
    """Demo tracks that lend stems.

    Attributes
    ----------
    library : Library
    excerpts : mapping of (stem, track_id) to (int, float)
        of every stem that may be lent, the first sample, and the RMS where it sounds, in dB
    pools : mapping of (stem, bool or None) to sequence of str
        track ids by variant; all of them under None
    """

    library: Library
    excerpts: Mapping[tuple[str, str], tuple[int, float]]
    pools: Mapping[tuple[str, bool | None], Sequence[str]]

    def stem(self, name: str, track_id: str, level_db: float) -> np.ndarray:
        """An excerpt (N_SAMPLES,), float32, of a stem, of this RMS where it sounds."""
        start, its_level_db = self.excerpts[name, track_id]
        y = load(self.library.files.fetch(f"stems/{track_id}/{name}.flac"))[start : start + N_SAMPLES]
        return y * np.float32(10 ** ((level_db - its_level_db) / 20))


@dataclass(frozen=True)
class Recipe:
    """A recombined track.

    Attributes
    ----------
    number : int
        its place; the same number, the same track
    donors : dict of str to str
        by stem, the track that lends it
    gains : dict of str to float
        by stem, dB beside `LEVEL_DB`
    traits : frozenset of str
        names of those that it has
    """

    number: int
    donors: dict[str, str]
    gains: dict[str, float]
    traits: frozenset[str]


def measure_stems(library: Library, progress: Progress | None = None) -> dict[str, dict[str, tuple[int, float]]]:
    """By stem and track, the excerpts of all stems of a library that sound enough to be lent; see `Donors`."""
    found: dict[str, dict[str, tuple[int, float]]] = {name: {} for name in STEMS}
    for done, track_id in enumerate(library.tracks.index, start=1):
        for name in STEMS:
            if excerpt := _excerpt(load(library.files.fetch(f"stems/{track_id}/{name}.flac"))):
                found[name][track_id] = excerpt
        if progress:
            progress(done, len(library.tracks))
    return found


def _excerpt(y: np.ndarray) -> tuple[int, float] | None:
    """Where the segment that sounds least sounds most, and the level there; None if that is too little."""
    power = (y[: len(y) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64) ** 2).mean(axis=1)
    sounds = power > power.max(initial=0) * 10 ** (ACTIVE_DB / 10)
    starts = range(0, len(power) - N_SAMPLES // FRAME + 1, SAMPLE_RATE // FRAME)
    spans = [slice(start, start + N_SAMPLES // FRAME) for start in starts]
    least = [sounds[span].reshape(N_SEGMENTS, -1).mean(axis=1).min() for span in spans]
    if max(least, default=0) < LEAST_ACTIVE:
        return None
    best = spans[int(np.argmax(least))]
    return best.start * FRAME, float(10 * np.log10(power[best][sounds[best]].mean()))


def find_donors(library: Library, excerpts: Mapping[str, Mapping[str, tuple[int, float]]]) -> Donors:
    """Sort the tracks of the demo library by the traits that their stems have.

    Parameters
    ----------
    library : Library
        the demo's
    excerpts : mapping
        from `measure_stems`

    Raises
    ------
    DataError
        if the library is not the demo's, or too small to have both variants of each trait
    """
    if "genre" not in library.tracks or not all(id_[:1] == "D" and id_[1:].isdigit() for id_ in library.tracks.index):
        raise DataError(
            f"{library.files.shown} is not the demo library, whose traits are known; make it: lemons library demo"
        )
    scores = {
        track_id: compose(DEMO_SEED, int(track_id[1:]), genre) for track_id, genre in library.tracks["genre"].items()
    }
    pools: dict[tuple[str, bool | None], list[str]] = {(name, None): sorted(excerpts[name]) for name in STEMS}
    for trait in TRAITS:
        variants = {track_id: trait.variant(scores[track_id]) for track_id in sorted(excerpts[trait.stem])}
        for variant in (True, False):
            pools[trait.stem, variant] = [track_id for track_id, its in variants.items() if its is variant]
    if missing := next((key for key, pool in pools.items() if not pool), None):
        raise DataError(
            f"no track of {library.files.shown} can lend its {missing[0]}; make the demo library with more tracks"
        )
    found = {(name, id_): (int(start), level) for name in STEMS for id_, (start, level) in excerpts[name].items()}
    return Donors(library, found, pools)


def draw_recipe(
    donors: Donors, number: int, *, wanted: frozenset[str] = frozenset(), without: frozenset[str] = frozenset()
) -> Recipe:
    """A recombined track, whose traits are drawn but for those that it must have or lack."""
    rng = np.random.default_rng([5, number])
    drawn = {name for name in (*(trait.name for trait in TRAITS), HUM) if rng.random() < 0.5}
    traits = (drawn | wanted) - without
    variants = {trait.stem: trait.name in traits for trait in TRAITS}
    chosen = {name: donors.pools[name, variants.get(name)] for name in STEMS}
    lent = {name: pool[int(rng.integers(len(pool)))] for name, pool in chosen.items()}
    gains = {name: float(rng.uniform(-SPREAD_DB, SPREAD_DB)) for name in STEMS}
    return Recipe(number, lent, gains, frozenset(traits))


def twin(donors: Donors, recipe: Recipe, trait: str) -> Recipe:
    """The same track with the other variant of one trait: another donor for its stem, or the hum gone or added."""
    traits = recipe.traits ^ {trait}
    if trait == HUM:
        return replace(recipe, traits=traits)
    stem = stem_of(trait)
    pool = donors.pools[stem, trait in traits]
    lender = int(np.random.default_rng([6, recipe.number]).integers(len(pool)))
    return replace(recipe, traits=traits, donors=recipe.donors | {stem: pool[lender]})


def stem_of(trait: str) -> str:
    """The stem that a trait lives in."""
    return "piano" if trait == HUM else next(one.stem for one in TRAITS if one.name == trait)


def sounds_of(donors: Donors, recipe: Recipe) -> dict[str, np.ndarray]:
    """The stems (n_samples,) of a recombined track, float32 on the 16-bit grid; their sum is the track."""
    found = {}
    for name, track_id in recipe.donors.items():
        y = donors.stem(name, track_id, LEVEL_DB + recipe.gains[name])
        if name == "piano" and HUM in recipe.traits:
            time = np.arange(len(y)) / SAMPLE_RATE
            y = y + np.sqrt(2) * 10 ** (HUM_DB / 20) * np.sin(2 * np.pi * HUM_HZ * time)
        found[name] = quantize(y)
    return found


def segments_of(n_samples: int) -> Segments:
    """The segments of a recombined track: five of equal length."""
    return Segments.equal(n_samples, N_SEGMENTS, fade=FADE)


def graft(y: np.ndarray, other: np.ndarray, segment: int) -> np.ndarray:
    """A stem with one segment of another in the place of its own."""
    segments = segments_of(len(y))
    start, stop = segments.spans[segment]
    grafted = y.copy()
    grafted[start:stop] += segments.part(other, segment) - segments.part(y, segment)
    return grafted
