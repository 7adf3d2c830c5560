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
from typing import Any

import numpy as np
import torch

from explanations.explain import explain
from explanations.explanation import Explanation, OtherFormat, load_explanation
from explanations.hashing import hash_text
from explanations.question import describe_question
from lemons.checksums import quarantine, read_json
from lemons.errors import DamagedError, DataError

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
        see `explanations.question.describe_question`

    Returns
    -------
    Path
        ``<folder>/<first 32 digits of the hash>.json``; the file need not exist
    """
    return _path(folder, describe_question(model, stems, **question))


def _path(folder: str | os.PathLike, described: dict) -> Path:
    text = json.dumps(described, sort_keys=True, default=vars)
    return Path(folder) / f"{hash_text(text)[:32]}.json"


def recall_explanation(path: str | os.PathLike, described: Mapping[str, Any] | None = None) -> Explanation | None:
    """An explanation that was kept.

    Parameters
    ----------
    path : path-like
        of `explanation_path`
    described : dict, optional
        the question, of `explanations.question.describe_question`: another question's answer is none

    Returns
    -------
    Explanation or None
        None if it is to be computed: there is none, it is of another version of LEMONS, or damaged; what is damaged is
        named in the log and put aside
    """
    path = Path(path)
    if not path.exists():
        return None
    try:
        explanation = load_explanation(path)
        if any(getattr(explanation, name) != value for name, value in (described or {}).items()):
            raise DamagedError(f"{path} is the answer to another question")
        if explanation.method == "exact" and explanation.lookup is None and _names_a_lookup(path):
            raise DamagedError(f"{path.with_suffix('.npz')} is missing")
    except OtherFormat:
        return None
    except DataError as error:
        quarantine(path)
        logger.warning("%s; it is put aside", error)
        return None
    return explanation


def _names_a_lookup(path: Path) -> bool:
    return bool(read_json(path).get("lookup"))


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
    """Read an explanation, or compute and keep it; parameters and errors are those of `explanations.explain.explain`.

    The names are those given now, whatever they were when it was computed. A damaged file is replaced.
    """
    names = {"track_id": track_id, "listener": listener, "separator": separator}
    described = describe_question(model, stems, **question)
    path = _path(folder, described)
    if (known := recall_explanation(path, described)) is not None:
        return replace(known, **names)
    question["segments"] = described["segments"]  # beats are not tracked twice
    explanation = explain(model, stems, **question, **names, batch_size=batch_size, progress=progress)
    explanation.save(path)
    return explanation
