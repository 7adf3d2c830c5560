"""Planted causes that a model was trained on: which tracks count, and how well the methods name the cause in them.

A candidate counts where the model recommends it (p of ½ or more) and the *twin check* passes: with the planted stem in
its other variant the logit drops by more than 1. Where several traits are liked together, the logit must drop for each,
and by more than 1 for one. Where the check fails, the model may have other reasons than the planted one, and none can
say whether the model or a method is wrong; these are counted, and judged apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explanations.studies.truth.answers import Answers
from explanations.studies.truth.judge import judge
from explanations.studies.truth.listeners import FIRST_NUMBER, LISTENERS, PlantedListener, mix_of, number_of
from explanations.studies.truth.plants import (
    N_SEGMENTS,
    STEMS,
    Donors,
    draw_recipe,
    graft,
    segments_of,
    sounds_of,
    stem_of,
    twin,
)
from lemons.audio import to_int16
from lemons.errors import ParameterError
from lemons.exact import score_table
from recsys.network import Network
from recsys.relevance import track_logits

__all__ = [
    "CASES",
    "Candidate",
    "TrainedCase",
    "answers_of",
    "cases_of",
    "check_candidate",
    "joined",
    "judge_candidate",
    "make_candidate",
]

LEAST_DROP = 1.0  # of the logit, with the twin
SPARE = "bass"  # a stem that is no cause takes another such stem in: 4 stems of 5 segments are 20 components


@dataclass(frozen=True)
class TrainedCase:
    """Where a planted cause is.

    Attributes
    ----------
    listener : PlantedListener
    place : {"whole", "segment"}
        the traits in the whole track, or one trait in one segment of a track that lacks it, for explaining only
    """

    listener: PlantedListener
    place: str

    @property
    def name(self) -> str:
        """Such as ``whole: kick``."""
        return f"{self.place}: {self.listener.name}"


CASES = (
    *(TrainedCase(listener, "whole") for listener in LISTENERS),
    *(TrainedCase(listener, "segment") for listener in LISTENERS if listener.name in ("kick", "distorted", "hum")),
)


def cases_of(listeners: Sequence[str] | None) -> tuple[TrainedCase, ...]:
    """The cases of some planted listeners; all of them for None.

    Raises
    ------
    ParameterError
        if there is no listener of a name
    """
    names = [listener.name for listener in LISTENERS]
    for name in listeners or ():
        if name not in names:
            raise ParameterError(f"listener={name!r} is not planted; choose one of {', '.join(names)}")
    return tuple(case for case in CASES if not listeners or case.listener.name in listeners)


@dataclass(frozen=True)
class Candidate:
    """A track that may be explained.

    Attributes
    ----------
    number : int
    stems : dict of str to np.ndarray [shape=(n_samples,)]
    twins : list of dict
        the stems without one of the planted traits, for each of them
    planted : frozenset of (int, str)
        segment and stem of the planted components
    """

    number: int
    stems: dict[str, np.ndarray]
    twins: list[dict[str, np.ndarray]]
    planted: frozenset[tuple[int, str]]


def make_candidate(case: TrainedCase, donors: Donors, index: int, *, seed: int) -> Candidate:
    """Candidate number ``index`` of a case for the model of a seed."""
    number, likes = number_of(FIRST_NUMBER[case.place] + index, seed), case.listener.likes
    if case.place == "whole":
        recipe = draw_recipe(donors, number, wanted=likes)
        twins = [sounds_of(donors, twin(donors, recipe, trait)) for trait in sorted(likes)]
        planted = {(segment, stem_of(trait)) for trait in likes for segment in range(N_SEGMENTS)}
        return Candidate(number, sounds_of(donors, recipe), twins, frozenset(planted))
    (trait,) = likes
    recipe = draw_recipe(donors, number, without=likes)
    plain, stem = sounds_of(donors, recipe), stem_of(trait)
    full = sounds_of(donors, twin(donors, recipe, trait))
    segment = int(np.random.default_rng([7, number]).integers(N_SEGMENTS))
    grafted = plain | {stem: graft(plain[stem], full[stem], segment)}
    return Candidate(number, grafted, [plain], frozenset({(segment, stem)}))


def check_candidate(model: Network, candidate: Candidate) -> dict[str, Any]:
    """Whether a candidate is recommended and passes the twin check, with its ``logit`` and the twins' ``drops``."""
    mixes = [to_int16(mix_of(stems)) for stems in (candidate.stems, *candidate.twins)]
    logit, *others = track_logits(model, mixes).tolist()
    drops = [logit - other for other in others]
    return {
        "number": candidate.number,
        "logit": logit,
        "drops": drops,
        "recommended": logit >= 0,
        "passed": logit >= 0 and min(drops) > 0 and max(drops) > LEAST_DROP,
    }


def answers_of(model: Network, candidate: Candidate, *, segments: bool = True) -> dict[str, np.ndarray]:
    """What a model says of all mixes of a candidate.

    Parameters
    ----------
    model : Network
    candidate : Candidate
    segments : bool
        whether segments are components, too; without them a track takes a quarter of the time

    Returns
    -------
    dict of str to np.ndarray
        ``logits`` (2**K,), float32; ``sounding`` (n_segments, n_stems), which components are not silent: K of them
    """
    whole = np.stack(list(_rows(candidate).values()))
    table = score_table(model, whole, segments_of(whole.shape[1]) if segments else 1)
    return {"logits": table.all_logits.numpy(), "sounding": table.sounding}


def judge_candidate(candidate: Candidate, logits: np.ndarray, sounding: np.ndarray) -> dict[str, Any]:
    """What `explanations.studies.truth.judge.judge` finds, by kind of components.

    Parameters
    ----------
    candidate : Candidate
    logits, sounding : np.ndarray
        see `answers_of`

    Returns
    -------
    dict
        ``number`` and ``kinds``: ``source``, and where there are segments ``time+source``
    """
    names, answers = list(_rows(candidate)), Answers(logits.astype(np.float64))
    components = [(int(segment), names[stem]) for segment, stem in np.argwhere(sounding)]
    stems = sorted({stem for _, stem in components}, key=names.index)
    groups = [[i for i, (_, its) in enumerate(components) if its == stem] for stem in stems]
    causes = {stem for _, stem in candidate.planted}
    whole_stems = {i for i, stem in enumerate(stems) if stem in causes}
    found = {"source": judge(answers.of_groups(groups), whole_stems, seed=candidate.number)}
    if len(sounding) > 1:
        planted = {i for i, component in enumerate(components) if component in candidate.planted}
        found["time+source"] = judge(answers, planted, seed=candidate.number)
    return {"number": candidate.number, "kinds": found}


def _rows(candidate: Candidate) -> dict[str, np.ndarray]:
    return joined(candidate.stems, {stem for _, stem in candidate.planted})


def joined(stems: Mapping[str, np.ndarray], causes: set[str]) -> dict[str, np.ndarray]:
    """Four stems of five: the first of piano, other and vocals that is no cause sounds with the bass."""
    spare = next(name for name in ("piano", "other", "vocals") if name not in causes)
    return {name: stems[name] + stems[spare] if name == SPARE else stems[name] for name in STEMS if name != spare}
