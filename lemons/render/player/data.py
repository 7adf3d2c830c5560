"""The player's input: an explanation as JSON, and the sounds it refers to."""

from collections.abc import Mapping, Sequence

import numpy as np

from lemons.audio import common_gain, flac_bytes
from lemons.explaining.clips import TOP_K, check_same_stems, stand_ins_of
from lemons.explaining.components import rows_of
from lemons.explaining.explanation import Explanation
from lemons.explaining.trust import line_holds
from lemons.render.fact_words import heard_sets
from lemons.render.words import NOTHING, capitalized, measure, name_of, noun_of, tame
from lemons.segments import Segments

__all__ = ["player_data", "player_sounds", "player_stand_ins"]


def player_sounds(explanation: Explanation, stems: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    """The sound of each row of the player: the stems, or the mix alone where only time is cut.

    Parameters
    ----------
    explanation : Explanation
        what is played
    stems : dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        the stems that were explained

    Returns
    -------
    dict of str to bytes
        FLAC files, sample for sample the stems; should one exceed full scale, all are scaled by one power of
        two, which `player_data` takes into account

    Raises
    ------
    ParameterError
        if other stems were explained
    """
    rows, scale = _rows(explanation, stems)
    return {name: flac_bytes(y * np.float32(scale), sr=explanation.sr, gain=scale) for name, y in rows.items()}


def player_stand_ins(explanation: Explanation, stems: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    """What sounds in place of each row where it is off, like `player_sounds`; empty for silence."""
    off = stand_ins_of(explanation, stems)
    _, scale = _rows(explanation, stems)
    return {name: flac_bytes(y * np.float32(scale), sr=explanation.sr, gain=scale) for name, y in off.items()}


def player_data(
    explanation: Explanation,
    stems: Mapping[str, np.ndarray],
    *,
    src: Mapping[str, str],
    title: str,
    listener: str = "",
    off: Mapping[str, str] | None = None,
    k: int = TOP_K,
    answers: str | None = None,
    others: Sequence[float] = (),
) -> dict:
    """The player's input, ready for JSON.

    Parameters
    ----------
    explanation : Explanation
        what is drawn and played
    stems : dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        the stems that were explained
    src : dict of str to str
        the address of each of `player_sounds`: on the page's own server, or ``data:...;base64,...``
    off : dict of str to str, optional
        the address of each of `player_stand_ins`, where there are any
    title, listener : str
        names, however wild: they are shown letter by letter
    k : int > 0
        components that play at first
    answers : str, optional
        the address of ``explanation.what_if.to_bytes()``; without it the player knows the answer to the full mix only
    others : sequence of float
        relevance of the other tracks that can be recommended; with them the player says the place of every mix

    Returns
    -------
    dict
        ``rows``: what is switched, with ``name``, ``label``, ``noun`` and ``src``, and ``off`` where something
        sounds in its place; ``borders`` of the segments and the ``fades`` on either side of them, in seconds;
        ``components``: number ``segment * n_rows + row``, with ``row``, ``segment``, ``weight`` and ``name``, and
        weights up to ``least`` are nothing; ``holds``: whether a line does,
        else all weights are 0; ``facts``: the components of ``enough`` and those that ``without`` lacks; ``others``:
        the relevance of other tracks; ``range``: between which answers lie; ``sr`` (Hz); ``gain``,
        a power of two that keeps every mix of rows within full scale;
        ``kind``, ``duration`` (s), ``k``, ``relevance``, ``target``, ``title``, ``listener``; ``answers``: ``src``
        and the layout of its `WhatIf`, or None; ``words``: sentences to show

    Raises
    ------
    ParameterError
        if other stems were explained
    """
    rows, scale = _rows(explanation, stems)
    gain = _gain(rows, stand_ins_of(explanation, stems))
    names, holds = list(rows), line_holds(explanation)
    return {
        "title": tame(title),
        "listener": tame(listener),
        "kind": explanation.kind,
        "duration": explanation.segments.borders[-1] / explanation.sr,
        "sr": explanation.sr,
        "gain": gain / scale,
        "rows": [
            {"name": name, "label": tame(capitalized(name)), "noun": tame(noun_of(name)), "src": src[name]}
            | ({"off": off[name]} if off else {})
            for name in names
        ],
        "borders": [border / explanation.sr for border in explanation.segments.borders],
        "fades": _fades(explanation.segments, explanation.sr),
        "components": [
            {
                "row": names.index(component.stem),
                "segment": component.segment,
                "weight": component.weight if holds else 0.0,
                "name": tame(name_of(component, explanation.kind)),
            }
            for component in explanation.components
        ],
        "facts": heard_sets(explanation.facts),
        "least": explanation.least_weight,
        "holds": holds,
        "others": list(others),
        "k": k,
        "relevance": explanation.answer,
        "range": _range(explanation),
        "target": explanation.target,
        "answers": {"src": answers, **explanation.what_if.layout} if answers and explanation.what_if else None,
        "words": _words(explanation, gain),
    }


def _rows(explanation: Explanation, stems: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], float]:
    """What is switched, and the power of two that brings it, and what sounds in its place, within full scale."""
    check_same_stems(explanation, stems)
    rows = rows_of(stems, kind=explanation.kind)
    return rows, common_gain([*rows.values(), *stand_ins_of(explanation, stems).values()])


def _gain(rows: Mapping[str, np.ndarray], off: Mapping[str, np.ndarray]) -> float:
    """No mix of rows has samples above the sum of the positive ones, or below that of the negative ones."""
    sounds = [(y, off.get(name, np.zeros_like(y))) for name, y in rows.items()]  # either, or a bit of both
    highest = sum(np.maximum(np.maximum(y, instead), 0) for y, instead in sounds)
    lowest = sum(np.minimum(np.minimum(y, instead), 0) for y, instead in sounds)
    return common_gain([highest, lowest])


def _range(explanation: Explanation) -> list[float]:
    """Between which two numbers the model's answers lie: probabilities, or the scores that are known."""
    if explanation.relevance is not None:
        return [0.0, 1.0]
    known = [explanation.logit, *explanation.clip_logits.values()]
    if explanation.what_if is not None and not explanation.what_if.gains.size and len(explanation.what_if.spans) == 1:
        known = (explanation.what_if.shares + explanation.what_if.bias).tolist()
    low, high = min(known), max(known)
    return [low, high] if high > low else [low - 1, high + 1]


def _fades(segments: Segments, sr: int) -> list[float]:
    """How far the fade at each border reaches on either side, in seconds."""
    starts = [*(start for start, _ in segments.spans), segments.borders[-1]]
    return [(here - start) / sr for here, start in zip(segments.borders, starts, strict=True)]


def _words(explanation: Explanation, gain: float) -> dict[str, str]:
    if explanation.method == "lime":
        why = "audioLIME scored some mixes only; the exact method knows the model's answer to each."
    else:
        why = "The model's answers to other mixes are not available here."
    level = "What you hear is what was scored, at its true level."
    if gain != 1:
        level = f"What you hear is what was scored, at {gain:g} of its level, so that no mix of parts is clipped."
    return {
        "unanswered": why,
        "level": level,
        "measure": capitalized(measure(explanation)),
        "nothing": NOTHING[explanation.baseline],
    }
