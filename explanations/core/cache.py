"""Explanations that were computed before: the same question is not asked twice.

A file's name is a hash of everything the numbers depend on (audio, stems, model, kind, method, masks, seed, target,
versions), so an explanation can be out of date but never wrong: a model that was trained anew is another question.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from explanations.core.explain import explain
from explanations.core.explanation import Explanation, load_explanation
from explanations.core.question import describe_question
from lemons.checksums import quarantine
from lemons.errors import DataError
from lemons.hashing import hash_text

logger = logging.getLogger(__name__)


def explanation_path(
    folder: str | os.PathLike, model: torch.nn.Module, stems: Mapping[str, np.ndarray], **question
) -> Path:
    """Where the answer to a question is kept.

    Parameters
    ----------
    folder : path-like
        of all explanations
    model, stems, **question
        see `explanations.core.question.describe_question`

    Returns
    -------
    Path
        ``<folder>/<first 32 digits of the hash>.json``; the file need not exist
    """
    return _path(folder, describe_question(model, stems, **question))


def _path(folder: str | os.PathLike, described: dict) -> Path:
    text = json.dumps(described, sort_keys=True, default=vars)
    return Path(folder) / f"{hash_text(text)[:32]}.json"


def cached_explain(
    folder: str | os.PathLike,
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    batch_size: int = 5,
    progress=None,
    track_id: str = "",
    listener: str = "",
    separator: str = "given",
    **question,
) -> Explanation:
    """Read an explanation, or compute and keep it; parameters and errors are those of `explanations.core.explain`.

    The names are those given now, whatever they were when it was computed. What cannot be kept is returned all the
    same, and the log says so.
    """
    names = {"track_id": track_id, "listener": listener, "separator": separator}
    described = describe_question(model, stems, **question)
    path = _path(folder, described)
    if (kept := find_explanation(path)) is not None:
        return replace(kept, **names)
    question["segments"] = described["segments"]  # beats are not tracked twice
    explanation = explain(model, stems, **question, **names, batch_size=batch_size, progress=progress)
    try:
        explanation.save(path)
    except DataError as error:  # a full disk is no reason to compute it in vain
        logger.warning("%s; the explanation is not kept", error)
    return explanation


def find_explanation(path: Path) -> Explanation | None:
    """The explanation that is kept in a file; None where there is none.

    A damaged one, or one of another format, is named in the log, once, and put aside: it can be computed again.
    """
    if not path.exists():
        return None
    try:
        return load_explanation(path)
    except DataError as error:
        logger.warning("%s; it is put aside", error)
        quarantine(path)
        return None
