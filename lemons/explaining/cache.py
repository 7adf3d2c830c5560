"""Explanations that were computed before: the same question is not answered twice.

A file's name is the question's key, a hash of everything that the numbers depend on (audio, stems, model, kind, method,
masks, seed, target, versions), so an explanation can be out of date but never wrong: a model that was trained again is
another question.

Those of a folder in a bucket are fetched when they are needed, and put there when they are made.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lemons.checksums import quarantine
from lemons.errors import DataError
from lemons.explaining.explain import answer
from lemons.explaining.explanation import Explanation, load_explanation
from lemons.explaining.question import Question
from lemons.progress import Progress
from lemons.storage import mirror_path, open_folder

__all__ = ["answer_path", "bring_explanations", "cached_answer", "find_explanation"]

logger = logging.getLogger(__name__)


def answer_path(folder: str | os.PathLike, question: Question) -> Path:
    """Where the answer to a question is kept; the file need not exist."""
    return mirror_path(folder) / f"{question.key}.json"


def cached_answer(
    folder: str | os.PathLike,
    question: Question,
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    batch_size: int = 5,
    progress: Progress | None = None,
    track_id: str = "",
    listener: str = "",
    separator: str = "given",
    label: str = "",
) -> Explanation:
    """Read an explanation, or compute and keep it.

    What cannot be kept is returned all the same, and the log says so.

    Parameters
    ----------
    folder : path-like
        of all explanations; or the URL of one in a bucket
    question, model, stems, batch_size, progress
        see `lemons.explaining.explain.answer`
    track_id, listener, separator, label : str
        names in the explanation, whatever they were when it was computed

    Returns
    -------
    Explanation

    Raises
    ------
    ParameterError, DataError
        see `lemons.explaining.explain.answer`
    """
    path = answer_path(folder, question)
    names: dict[str, Any] = {"track_id": track_id, "listener": listener, "separator": separator, "label": label}
    if (kept := find_explanation(path)) is not None:
        return replace(kept, **names)
    explanation = answer(question, model, stems, batch_size=batch_size, progress=progress)
    explanation = replace(explanation, **names)
    try:
        explanation.save(path)
    except DataError as error:  # a full disk is no reason to compute it in vain
        logger.warning("%s; the explanation is not kept", error)
        return explanation
    files = [file.name for file in (path.with_suffix(".npz"), path) if file.exists()]
    try:
        open_folder(path.parent).put("", files)
    except DataError as error:
        logger.warning("%s; the explanation is kept on this machine only", error)
    return explanation


def bring_explanations(folder: Path) -> None:
    """Fetch those in a bucket that are not here, without their `WhatIf`; the log says why not where that fails."""
    _bring(folder, "*.json")


def find_explanation(path: Path) -> Explanation | None:
    """The explanation that is kept in a file; None where there is none.

    A damaged one, or one of another format, is named in the log, once, and put aside: it can be computed again.
    """
    names = [file.name for file in (path.with_suffix(".npz"), path) if not file.exists()]
    if names:
        _bring(path.parent, *names)
    if not path.exists():
        return None
    try:
        return load_explanation(path)
    except DataError as error:
        logger.warning("%s; it is put aside", error)
        quarantine(path)
        return None


def _bring(folder: Path, *patterns: str) -> None:
    try:
        open_folder(folder).bring_files("", *patterns)
    except DataError as error:
        logger.warning("%s; only explanations on this machine are found", error)
