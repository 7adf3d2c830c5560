"""Passes of the exact engine, the last ones of which stay in memory: one explains a track to all who share a trunk.

A pass leaves the pooled features of all mixes of a track's components. They depend on the trunk, and on all of a
question but the listener's head and threshold. So the second listener who is asked about a track, its contrast with the
first, or another threshold take no second pass.

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

from lemons.exact import ScoreTable, score_table
from lemons.exact.protocol import local_model_of
from lemons.explaining.components import stack_rows, stack_stand_ins
from lemons.explaining.question import Question
from lemons.hashing import hash_state
from lemons.progress import Progress

__all__ = ["forget", "table_of"]

MAX_KEPT = 4  # passes
MAX_BYTES = 2**26  # of one that is kept; 5 stems in 5 segments take 3 MB
NOT_OF_A_PASS = ("model_hash", "criterion", "target", "work")  # fields of a question that no pass depends on

_kept: OrderedDict[tuple, ScoreTable] = OrderedDict()
_lock = Lock()


def table_of(
    question: Question, model: torch.nn.Module, stems: Mapping[str, np.ndarray], *, progress: Progress | None = None
) -> ScoreTable:
    """The answers of a model to all mixes, from a pass that is still in memory, or a new one.

    Parameters
    ----------
    question, model, stems
        see `lemons.explaining.mask_scores.ExactScores`
    progress : callable or None
        ``progress(done, total)``, in multiply-adds; of a pass in memory once, at its end

    Returns
    -------
    ScoreTable
        bit for bit that of a new pass
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
    table = score_table(model, stack_rows(stems, kind=kind), segments, off=off, progress=progress)
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


def _key(question: Question, model: torch.nn.Module) -> tuple | None:
    """What a pass depends on; None for a model that does not say what its trunk is."""
    trunk_state = getattr(model, "trunk_state", None)
    if trunk_state is None:
        return None
    weight = next(model.parameters())
    fields = {name: value for name, value in dataclasses.asdict(question).items() if name not in NOT_OF_A_PASS}
    return type(model), hash_state(trunk_state()), str(weight.device), str(weight.dtype), json.dumps(fields)
