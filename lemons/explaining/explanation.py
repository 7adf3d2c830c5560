"""What an explanation is: components with weights, and all that is needed to trust and to repeat it.

It holds no sound: the components are rebuilt from the stems, which its hashes identify. Its JSON is the same bytes for
the same question on the same versions, so the seconds it took are left out of the file and out of comparisons. The
answers to other mixes, where one pass gave them all, are beside it as npz.
"""

import dataclasses
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from lemons.audio import SAMPLE_RATE
from lemons.baselines import SILENCE
from lemons.checksums import read_own_json, to_json
from lemons.errors import DamagedError, DataError, LemonsError
from lemons.exact.facts import Facts
from lemons.explaining.component import NOISE, Component, Pair, components_against, least_weight, top_components
from lemons.explaining.criterion import Criterion
from lemons.explaining.question import AUDIOLIME
from lemons.explaining.stored_facts import read_facts
from lemons.explaining.validation import check_explanation
from lemons.explaining.what_if import WhatIf, load_what_if
from lemons.files import atomic_path
from lemons.markup import table_html
from lemons.segments import Segments

__all__ = ["Explanation", "load_explanation", "load_explanations"]

logger = logging.getLogger(__name__)

FORMAT = 7  # of the JSON file; raise it when a field changes its meaning


@dataclass(frozen=True)
class Explanation:
    """Why a track was recommended to a listener, or why a tagger gave it a label.

    Attributes
    ----------
    kind : {"time", "source", "time+source"}
        what the components are
    method : {"exact", "lime"}
        how the model was asked: by one pass that answers for every mask, or about each mask that was drawn
    neighborhood : {"all", "drawn"}
        the masks of the fit: all there are; or drawn, by ``"lime"``, and by ``"exact"`` when they are too many
    target : {"probability", "logit", "score"}
        which of the model's answers is explained; always that of "recommended". A score is an answer that is no
        probability, such as that of a regression
    criterion : Criterion or None
        what counts as recommended, for the facts; None for a score without a threshold
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
        the linear model's answer to the mix in which everything is off: to silence, or to the baseline alone
    fidelity : float <= 1
        weighted R² of the linear model on the masks that it was fitted to
    fidelity_held_out : float <= 1
        weighted R² on masks that it was not fitted to; equal to ``fidelity`` when it was fitted to all there are
    held_out : {"fresh_masks", "leave_one_out", "none"}
        where those come from: drawn apart; or, when LIME drew every mask there is, each one left out in turn
    facts : Facts or None
        what is true of the answers to all mixes, by the criterion; None where they are not known
    pair : Pair or None
        the components that interact most; None where not all masks were scored, or none interact
    relevance : float or None
        the model's answer to the whole track, as a probability; None for a score
    logit : float
        the same before the sigmoid; for a score the score itself
    clip_logits : dict of str to float
        its answers to the clips ``top1``, ``top3`` and ``rest``, and to ``silence``, or the baseline alone
    gain : float
        power of two by which the clips are scaled so that none exceeds full scale; 1 nearly always
    audio_hash, stems_hash, model_hash : str
        SHA-256 of what was explained; that of a model is empty for a function, which has none
    versions : dict of str to str
        of the programs the numbers depend on
    track_id, listener, separator : str
        whose question it is and where the stems come from; names only, without effect on the numbers
    baseline : {"silence", "mean", "noise"}
        what sounds in place of a component that is off; silence is not in the file
    label : str
        what a tagger says, whose name is then in the place of the listener's; empty for a recommender
    sr : int
        sampling rate of the stems, in Hz; 16 kHz is not in the file
    sampler : str
        how ``"lime"`` drew its masks, see `lemons.explaining.question.Question`; audioLIME's way is not in the file
    seconds : float or None
        how long it took; None when it was read from a file
    what_if : WhatIf or None
        the answers to every mix of the components; None for ``"lime"``, which knows some only
    """

    kind: str
    method: str
    neighborhood: str
    target: str
    criterion: Criterion | None
    segments: Segments
    n_masks: int
    seed: int
    work: float
    components: tuple[Component, ...]
    intercept: float
    fidelity: float
    fidelity_held_out: float
    held_out: str
    facts: Facts | None
    pair: Pair | None
    relevance: float | None
    logit: float
    clip_logits: dict[str, float]
    gain: float
    audio_hash: str
    stems_hash: str
    model_hash: str
    versions: dict[str, str]
    track_id: str = ""
    listener: str = ""
    separator: str = "given"
    baseline: str = SILENCE
    label: str = ""
    sr: int = SAMPLE_RATE
    sampler: str = AUDIOLIME
    seconds: float | None = field(default=None, compare=False)
    what_if: WhatIf | None = field(default=None, compare=False, repr=False)

    @property
    def answer(self) -> float:
        """What the model says of the whole track, as it is shown: the relevance, or the score."""
        return self.logit if self.relevance is None else self.relevance

    @property
    def least_weight(self) -> float:
        """Weights up to this size are nothing: rounding, or next to nothing beside the largest."""
        return least_weight(self.components, self.target)

    def top(self, k: int) -> tuple[Component, ...]:
        """The k components that speak most for the recommendation; fewer when fewer do, maybe none."""
        return top_components(self.components, k, target=self.target)

    def against(self, k: int) -> tuple[Component, ...]:
        """The k components that speak most against it; fewer when fewer do, maybe none."""
        return components_against(self.components, k, target=self.target)

    def ties(self, k: int) -> tuple[Component, ...]:
        """The components that are not among the top k only for their number: they weigh as much as the last of them."""
        top = self.top(k)
        if len(top) < k:
            return ()
        noise = NOISE[self.target]
        return tuple(c for c in self.components if c not in top and abs(c.weight - top[-1].weight) <= noise)

    @property
    def judged_on(self) -> str:
        """Which masks ``fidelity_held_out`` is about, in words."""
        return "over all masks" if self.held_out == "none" else "on masks held out"

    def _repr_html_(self) -> str:
        what = "score" if self.relevance is None else "probability" if self.label else "relevance"
        named = f"{what} of “{self.label}”" if self.label else what
        fitted = f"R² {self.fidelity_held_out:.2f} {self.judged_on}"
        caption = f"{self.track_id or 'the track'}: {named} {self.answer:.3g}; weights of the {self.target}, {fitted}"
        parts = sorted(self.components, key=lambda part: -part.weight)
        rows: list[list[str | float]] = [
            [part.stem, f"{part.start_s:g} to {part.end_s:g} s", part.weight] for part in parts
        ]
        note = "An explanation holds no sound: lemons.Listenable(explanation, track) plays it."
        return table_html(caption, ["stem", "where", "weight"], rows, note=note)

    def to_json(self) -> str:
        """The text of its file, with its checksum and its `WhatIf`'s: the same for the same question."""
        fields = {"format": FORMAT} | dataclasses.asdict(dataclasses.replace(self, what_if=None))
        del fields["seconds"]
        if self.baseline == SILENCE:  # as in all files before there was a choice
            del fields["baseline"]
        if not self.label:
            del fields["label"]  # files of recommenders stay as they were
        if self.sr == SAMPLE_RATE:
            del fields["sr"]
        if self.sampler == AUDIOLIME:
            del fields["sampler"]
        return to_json(fields | {"what_if": self.what_if and self.what_if.checksum})

    def save(self, path: str | os.PathLike) -> None:
        """Write it as JSON, whole or not at all; its `WhatIf`, where it has one, under the same name as npz.

        Raises
        ------
        DataError
            if a file cannot be written
        """
        arrays = Path(path).with_suffix(".npz")
        try:
            arrays.unlink(missing_ok=True)  # those of another explanation, which was here before
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror}; choose another folder") from error
        if self.what_if is not None:
            self.what_if.save(arrays)
        with atomic_path(path) as temporary:
            temporary.write_text(self.to_json(), encoding="utf-8")


def load_explanation(path: str | os.PathLike) -> Explanation:
    """Read an explanation that was saved.

    Parameters
    ----------
    path : path-like
        the JSON file

    Returns
    -------
    Explanation
        equal to the one that was saved, with the `WhatIf` beside it

    Raises
    ------
    DataError
        if there is no such file, or it or its `WhatIf` is damaged or of another format
    """
    (explanation, checksum), file = _read(Path(path)), Path(path).with_suffix(".npz")
    if checksum is None or not file.exists():
        return explanation
    what_if = load_what_if(file)
    if what_if.checksum != checksum:
        raise DamagedError(f"{file} belongs to another explanation than {path}; delete both and compute it again")
    return dataclasses.replace(explanation, what_if=what_if)


def load_explanations(folder: str | os.PathLike) -> list[Explanation]:
    """Read all explanations of a folder, without their `WhatIf`; files that hold none are named in the log and skipped.

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
    """The explanation in a file, without its `WhatIf`, and that one's checksum."""
    if not path.exists():
        raise DataError(f"no such explanation: {path}; compute it first")
    try:
        fields = read_own_json(path)
        if fields.pop("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        checksum = fields.pop("what_if")
        fields["segments"] = Segments(tuple(fields["segments"]["borders"]), fields["segments"]["fade"])
        fields["components"] = tuple(Component(**component) for component in fields["components"])
        fields["criterion"] = fields["criterion"] and Criterion(**fields["criterion"])
        if fields["facts"] is not None:
            fields["facts"] = read_facts(fields["facts"], len(fields["components"]))
        fields["pair"] = fields["pair"] and Pair(**fields["pair"])
        explanation = Explanation(**fields)
        check_explanation(explanation)
        return explanation, checksum
    except (LemonsError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"{path} is not an explanation ({error}); delete it and compute it again") from error
