"""What must be true of every explanation, whichever program wrote its file."""

import dataclasses
import math
import re
from typing import Any

from lemons.baselines import BASELINES
from lemons.explaining.criterion import MEANINGS
from lemons.explaining.question import AUDIOLIME, KINDS, METHODS
from lemons.quality.answers import TARGETS
from lemons.sampling import SAMPLERS

__all__ = ["check_explanation"]

SIMPLE: dict[str, Any] = {"float": (float, int), "int": int, "str": str}
CHOICES = {
    "kind": KINDS,
    "method": METHODS,
    "neighborhood": ("all", "drawn"),
    "target": (*TARGETS, "score"),
    "baseline": BASELINES,
    "sampler": (AUDIOLIME, *SAMPLERS),
    "held_out": ("fresh_masks", "leave_one_out", "none"),
}
CLIPS = {"top1", "top3", "rest", "silence"}
NO_MODEL = ("model_hash", "")  # of a function
HASHES = ("audio_hash", "stems_hash", "model_hash")


def check_explanation(explanation: Any) -> None:
    """Refuse an explanation that no computation can have given.

    Parameters
    ----------
    explanation : lemons.explaining.explanation.Explanation
        with fields of whatever types a file may hold

    Raises
    ------
    ValueError
        if a field has the wrong type, a number is not finite or out of its range, or components and segments do not fit
    """
    for record in (explanation, *explanation.components):
        _check_types(record)
    for name, choices in CHOICES.items():
        if getattr(explanation, name) not in choices:
            raise ValueError(f"{name} is {getattr(explanation, name)!r:.50}")
    for name in HASHES:
        if not re.fullmatch("[0-9a-f]{64}", getattr(explanation, name)) and (name, explanation.model_hash) != NO_MODEL:
            raise ValueError(f"{name} is {getattr(explanation, name)!r:.80}")
    _check_answer(explanation)
    if explanation.sr < 1:
        raise ValueError(f"sr is {explanation.sr}")
    if explanation.gain <= 0 or explanation.work < 0 or explanation.n_masks < 1 or explanation.seed < 0:
        raise ValueError("gain, work, n_masks or seed is out of its range")
    if max(explanation.fidelity, explanation.fidelity_held_out) > 1 + 1e-9:  # R² of rounded numbers
        raise ValueError(f"fidelity is {explanation.fidelity}")
    clips = explanation.clip_logits
    if not isinstance(clips, dict) or clips.keys() != CLIPS or not all(map(_is_number, clips.values())):
        raise ValueError(f"clip_logits is {clips!r:.80}")
    versions = explanation.versions
    if not isinstance(versions, dict) or not all(isinstance(text, str) for text in versions.values()):
        raise ValueError(f"versions is {versions!r:.80}")
    _check_pair(explanation)
    _check_places(explanation)


def _check_answer(explanation: Any) -> None:
    """A relevance is a probability, and so is what it must reach; a score is neither."""
    criterion, relevance, is_score = explanation.criterion, explanation.relevance, explanation.target == "score"
    if is_score != (relevance is None) or (not is_score and not (_is_number(relevance) and 0 <= relevance <= 1)):
        raise ValueError(f"relevance is {relevance!r:.50}")
    if criterion is None and is_score:
        return
    _check_types(criterion)
    if criterion.meaning not in MEANINGS or is_score != (criterion.meaning == "score"):
        raise ValueError(f"criterion is {criterion!r:.80}")
    if not is_score and not 0 <= criterion.relevance <= 1:
        raise ValueError(f"criterion is {criterion!r:.80}")


def _check_pair(explanation: Any) -> None:
    """The two components exist and differ."""
    if (pair := explanation.pair) is None:
        return
    _check_types(pair)
    if not 0 <= pair.first < pair.second < len(explanation.components) or pair.ratio < 0:
        raise ValueError(f"pair is {pair!r:.120}")


def _check_places(explanation: Any) -> None:
    """Components are numbered segment by segment, with the same stems in each."""
    segments, components = explanation.segments, explanation.components
    if not all(type(number) is int for number in (*segments.borders, segments.fade)):
        raise ValueError(f"segments is {segments!r:.80}")
    n_stems, rest = divmod(len(components), len(segments))
    if not n_stems or rest:
        raise ValueError(f"{len(components)} components are not those of {len(segments)} segments")
    for i, component in enumerate(components):
        place = component.index, component.segment, component.stem
        if place != (i, i // n_stems, components[i % n_stems].stem):
            raise ValueError(f"component {i} is {component!r:.120}")
        if not 0 <= component.start_s < component.end_s:
            raise ValueError(f"component {i} is from {component.start_s} s to {component.end_s} s")
        if component.margin is not None and not (_is_number(component.margin) and component.margin >= 0):
            raise ValueError(f"margin is {component.margin!r:.50}")


def _check_types(record: Any) -> None:
    """Refuse fields of the wrong simple type; JSON may write a float without a fraction."""
    for entry in dataclasses.fields(record):
        name = entry.type if isinstance(entry.type, str) else getattr(entry.type, "__name__", "")
        value = getattr(record, entry.name)
        if not isinstance(value, SIMPLE.get(name, object)) or (name in ("float", "int") and not _is_number(value)):
            raise ValueError(f"{entry.name} is {value!r:.50}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
