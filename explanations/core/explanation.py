"""What an explanation is: components with weights, and all that is needed to trust and to repeat it.

It holds no sound: the components are rebuilt from the stems, which its hashes identify. Its JSON is the same bytes for
the same question on the same versions, so the seconds it took are left out of the file and out of comparisons. The
answers to other mixes, where one pass gave them all, lie beside it as npz.
"""

import dataclasses
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from explanations.core.validation import check_explanation
from explanations.core.what_if import Lookup, load_lookup
from lemons.checksums import read_own_json, to_json
from lemons.errors import DamagedError, DataError, LemonsError
from lemons.files import atomic_path
from lemons.segments import Segments

logger = logging.getLogger(__name__)

FORMAT = 5  # of the JSON file; raise it when a field changes its meaning


@dataclass(frozen=True)
class Component:
    """A part of a track that can be switched, and what the explanation says of it.

    Attributes
    ----------
    index : int >= 0
        its number: stems of the first segment first, then those of the second
    stem : str
        name of the stem; ``"mix"`` where only time is cut
    segment : int >= 0
        number of the segment; 0 where only stems are separated
    start_s, end_s : float
        when it sounds, in seconds
    weight : float
        how much it speaks for the recommendation, in units of the target: negative when against, 0 when it is silent
    margin : float >= 0 or None
        the weight over all masks is this close, with a confidence of 95 %; 0 when they were all fitted, None for LIME,
        where nobody knows
    """

    index: int
    stem: str
    segment: int
    start_s: float
    end_s: float
    weight: float
    margin: float | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a track was recommended to a listener.

    Attributes
    ----------
    kind : {"time", "source", "time+source"}
        what the components are
    method : {"exact", "lime"}
        how the model was asked: by one pass that answers for every mask, or about each mask that was drawn
    neighborhood : {"all", "drawn"}
        the masks of the fit: all there are; or drawn, by ``"lime"``, and by ``"exact"`` when they are too many
    target : {"probability", "logit"}
        which of the model's answers is explained; always that of "recommended"
    segments : Segments
        how the track is cut; a single one where only stems are separated
    n_masks, seed : int
        masks in the neighborhood, and the seed of those drawn
    work : float
        computation, relative to hearing the whole track once: for ``"lime"`` the number of mixes that the model heard,
        each distinct mask once, those held out and those of the clips included
    components : tuple of Component
        in the order of their numbers
    intercept : float
        the linear model's answer to silence
    fidelity : float <= 1
        weighted R² of the linear model on the masks that it was fitted to
    fidelity_held_out : float <= 1
        weighted R² on masks that it was not fitted to; equal to ``fidelity`` when it was fitted to all there are
    held_out : {"fresh masks", "cross-prediction", "nothing"}
        where those come from: drawn apart; or, when LIME drew every mask there is, each one left out in turn
    relevance, logit : float
        the model's answer to the whole track, as a probability and before the sigmoid
    clip_logits : dict of str to float
        its answers to the clips ``top1``, ``top3`` and ``rest``
    gain : float
        power of two by which the clips are scaled so that none exceeds full scale; 1 nearly always
    track_id, listener, separator : str
        whose question it is and where the stems come from; names only, without effect on the numbers
    audio_hash, stems_hash, model_hash : str
        SHA-256 of what was explained
    versions : dict of str to str
        of the programs the numbers depend on
    seconds : float or None
        how long it took; None when it was read from a file
    lookup : Lookup or None
        the answers to every mix of the components; None for ``"lime"``, which knows some only
    """

    kind: str
    method: str
    neighborhood: str
    target: str
    segments: Segments
    n_masks: int
    seed: int
    work: float
    components: tuple[Component, ...]
    intercept: float
    fidelity: float
    fidelity_held_out: float
    held_out: str
    relevance: float
    logit: float
    clip_logits: dict[str, float]
    gain: float
    track_id: str
    listener: str
    separator: str
    audio_hash: str
    stems_hash: str
    model_hash: str
    versions: dict[str, str]
    seconds: float | None = field(default=None, compare=False)
    lookup: Lookup | None = field(default=None, compare=False, repr=False)

    def top(self, k: int) -> tuple[Component, ...]:
        """The k components that speak most for the recommendation; fewer when fewer do, maybe none."""
        return top_components(self.components, k)

    def against(self, k: int) -> tuple[Component, ...]:
        """The k components that speak most against it; fewer when fewer do, maybe none."""
        return tuple(sorted((c for c in self.components if c.weight < 0), key=lambda c: c.weight)[:k])

    @property
    def judged_on(self) -> str:
        """Which masks ``fidelity_held_out`` is about, in words."""
        return "over all masks" if self.held_out == "nothing" else "on masks held out"

    def to_json(self) -> str:
        """The text of its file, with its checksum and its lookup's: the same for the same question."""
        fields = {"format": FORMAT} | dataclasses.asdict(dataclasses.replace(self, lookup=None))
        del fields["seconds"]
        return to_json(fields | {"lookup": self.lookup and self.lookup.checksum})

    def save(self, path: str | os.PathLike) -> None:
        """Write it as JSON, whole or not at all; its lookup, where there is one, under the same name as npz.

        Raises
        ------
        DataError
            if a file cannot be written
        """
        lookup = Path(path).with_suffix(".npz")
        try:
            lookup.unlink(missing_ok=True)  # that of another explanation, which was here before
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror}; choose another folder") from error
        if self.lookup is not None:
            self.lookup.save(lookup)
        with atomic_path(path) as temporary:
            temporary.write_text(self.to_json(), encoding="utf-8")


def top_components(components: Iterable[Component], k: int) -> tuple[Component, ...]:
    """The k components of largest positive weight, the largest first; of equal ones the first."""
    return tuple(sorted((c for c in components if c.weight > 0), key=lambda c: -c.weight)[:k])


def stem_shares(explanations: Sequence[Explanation]) -> pd.Series:
    """What each stem contributes to what speaks for tracks, on average.

    Parameters
    ----------
    explanations : sequence of Explanation
        of any tracks

    Returns
    -------
    pd.Series [index=stem]
        percents, the largest first; they sum to 100, tracks for which nothing speaks left out
    """
    shares = []
    for explanation in explanations:
        weights = pd.Series([c.weight for c in explanation.components], [c.stem for c in explanation.components])
        positive = weights.clip(lower=0).groupby(level=0).sum()
        if positive.sum() > 0:
            shares.append(100 * positive / positive.sum())
    mean = pd.DataFrame(shares).fillna(0.0).mean()
    return mean.sort_values(ascending=False, kind="stable")


def load_explanation(path: str | os.PathLike) -> Explanation:
    """Read an explanation that was saved.

    Parameters
    ----------
    path : path-like
        the JSON file

    Returns
    -------
    Explanation
        equal to the one that was saved, with the lookup that lies beside it

    Raises
    ------
    DataError
        if there is no such file, or it or its lookup is damaged or of another format
    """
    (explanation, checksum), file = _read(Path(path)), Path(path).with_suffix(".npz")
    if checksum is None or not file.exists():
        return explanation
    lookup = load_lookup(file)
    if lookup.checksum != checksum:
        raise DamagedError(f"{file} belongs to another explanation than {path}; delete both and compute it again")
    return dataclasses.replace(explanation, lookup=lookup)


def load_explanations(folder: str | os.PathLike) -> list[Explanation]:
    """Read all explanations of a folder, without their lookups; files that hold none are named in the log and skipped.

    Parameters
    ----------
    folder : path-like
        need not exist

    Returns
    -------
    list of Explanation
        in the order of their files' names
    """
    found = []
    for path in sorted(Path(folder).glob("[!.]*.json")):
        try:
            found.append(_read(path)[0])
        except DataError as error:
            logger.warning("%s", error)
    return found


def _read(path: Path) -> tuple[Explanation, str | None]:
    """The explanation in a file, without its lookup, and that one's checksum."""
    if not path.exists():
        raise DataError(f"no such explanation: {path}; compute it first")
    try:
        fields = read_own_json(path)
        if fields.pop("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        checksum = fields.pop("lookup")
        fields["segments"] = Segments(tuple(fields["segments"]["borders"]), fields["segments"]["fade"])
        fields["components"] = tuple(Component(**component) for component in fields["components"])
        explanation = Explanation(**fields)
        check_explanation(explanation)
        return explanation, checksum
    except (LemonsError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"{path} is not an explanation ({error}); delete it and compute it again") from error
