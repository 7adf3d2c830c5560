"""Passes of the exact engine, the last ones of which stay in memory: one explains a track to all who share a trunk.

A pass leaves the pooled features of all mixes of a track's components. They depend on the trunk, and on all of a
question but the listener's head and threshold. So the second listener who is asked about a track, its contrast with the
first, or another threshold take no second pass.

A new pass is compared with the model's own answer to the whole track: a model that describes itself as another than it
is would get wrong explanations, so it is refused.

A model takes part by a method ``trunk_state()``, its state dict without the head: models of one class with equal trunk
states, on one device, must have equal features.
"""

import dataclasses
import json
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

import numpy as np
import torch

from lemons.audiolime.neighborhood import score_masks
from lemons.errors import ParameterError
from lemons.exact import ScoreTable, score_table
from lemons.exact.protocol import local_model_of
from lemons.explaining.components import factorize, stack_rows, stack_stand_ins
from lemons.explaining.mask_scores import predictor
from lemons.explaining.question import Question
from lemons.hashing import hash_state
from lemons.progress import Progress
from lemons.segments import Segments

__all__ = ["ExactScores", "forget", "table_of"]

PASS_PERCENT = 90  # of the exact method's time; then all masks are enumerated
TOLERANCE = 0.01  # of logits; the engine's are within 0.001 of the model's, unless the model misdescribes itself

MAX_KEPT = 4  # passes
MAX_BYTES = 2**26  # of one that is kept; 5 stems in 5 segments take 3 MB
NOT_OF_A_PASS = ("model_hash", "criterion", "target", "work")  # fields of a question that no pass depends on

_kept: OrderedDict[tuple, ScoreTable] = OrderedDict()
_lock = Lock()


class ExactScores:
    """A model's answers to all mixes of the components, from one pass of `lemons.exact`.

    Parameters
    ----------
    question : Question
        with the method ``"exact"``
    model, stems
        those that it is about
    progress : callable or None
        ``progress(percent, 100)``; may raise to cancel

    Attributes
    ----------
    table : ScoreTable
        what the pass found
    work : float
        its multiply-adds, relative to scoring the whole track once

    Raises
    ------
    ParameterError
        if the model describes itself to the engine as another than it is
    DataError
        if the model answers with values that are not numbers
    """

    def __init__(
        self,
        question: Question,
        model: torch.nn.Module,
        stems: Mapping[str, np.ndarray],
        *,
        progress: Progress | None = None,
    ):
        self.work = question.work
        report = progress and (lambda done, total: progress(PASS_PERCENT * done // total, 100))
        self.table = table_of(question, model, stems, progress=report)

    def logits(self, masks: np.ndarray) -> np.ndarray:
        """The model's logits (n_masks,) for the mixes of masks (n_masks, n_components)."""
        return self.table.logits(masks).astype(np.float64)


def table_of(
    question: Question, model: torch.nn.Module, stems: Mapping[str, np.ndarray], *, progress: Progress | None = None
) -> ScoreTable:
    """The answers of a model to all mixes, from a pass that is still in memory, or a new one.

    Parameters
    ----------
    question, model, stems
        see `ExactScores`
    progress : callable or None
        ``progress(done, total)``, in multiply-adds; of a pass in memory once, at its end

    Returns
    -------
    ScoreTable
        bit for bit that of a new pass

    Raises
    ------
    ParameterError, DataError
        see `ExactScores`; a pass that stays in memory raised none
    """
    key = _key(question, model)
    with _lock:
        found = None if key is None else _kept.get(key)
    if found is not None:
        if progress is not None:
            progress(found.multiply_adds, found.multiply_adds)
        return found.with_head(local_model_of(model).head)
    kind, segments = question.kind, question.segments
    off = stack_stand_ins(stems, kind=kind, segments=segments, baseline=question.baseline)
    expected = _answer(model, stems, segments)  # before the pass, which is long: the model may answer with NaN
    table = score_table(model, stack_rows(stems, kind=kind), segments, off=off, progress=progress)
    _compare(model, expected, float(table.logits(np.ones((1, table.n_components), dtype=int))[0]))
    if key is not None and sum(group.sums.nbytes + group.maxima.nbytes for group in table.pooled.groups) <= MAX_BYTES:
        with _lock:
            _kept[key] = table.with_head(torch.nn.Identity())  # without the answers of its head, which are large
            while len(_kept) > MAX_KEPT:
                _kept.popitem(last=False)
    return table


def forget() -> None:
    """Let go of all passes in memory."""
    with _lock:
        _kept.clear()


def _answer(model: torch.nn.Module, stems: Mapping[str, np.ndarray], segments: Segments) -> float:
    """The model's logit of the whole track."""
    whole = factorize(stems, kind="time", segments=Segments((0, segments.borders[-1])))
    return float(score_masks(whole, predictor(model), np.ones((1, 1), dtype=int), batch_size=1)[0, 0])


def _compare(model: torch.nn.Module, expected: float, found: float) -> None:
    """Refuse a model that answers otherwise than as it describes itself."""
    if not abs(found - expected) <= TOLERANCE * max(abs(expected), 1):
        raise ParameterError(
            f"{type(model).__name__} answers {expected:.4f} to this track, but {found:.4f} as its local_model() "
            "describes it; mend that, or explain it with method='lime'"
        )


def _key(question: Question, model: torch.nn.Module) -> tuple | None:
    """What a pass depends on; None for a model that does not say what its trunk is."""
    trunk_state = getattr(model, "trunk_state", None)
    if trunk_state is None:
        return None
    weight = next(model.parameters())
    fields = {name: value for name, value in dataclasses.asdict(question).items() if name not in NOT_OF_A_PASS}
    return type(model), hash_state(trunk_state()), str(weight.device), str(weight.dtype), json.dumps(fields)
