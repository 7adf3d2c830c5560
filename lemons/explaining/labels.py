"""Which of a model's labels are explained."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lemons.arguments import as_array, items, quoted
from lemons.errors import ParameterError

__all__ = ["choose_labels", "label_names"]

N_SHOWN = 10  # names in an error


def label_names(model: Any, labels: Sequence[str] | None, n_labels: int) -> list[str]:
    """What a model's answers are called.

    Parameters
    ----------
    model : object
        whose ``labels`` are taken where the caller names none, or ``config.id2label`` as in transformers
    labels : sequence of str or None
        the caller's
    n_labels : int > 0
        how many answers there are

    Returns
    -------
    list of str
        numbers where nobody names them; an empty text for a single answer without a name

    Raises
    ------
    ParameterError
        if the names are not as many as the answers, or not different
    """
    if labels is None:
        of_config = getattr(getattr(model, "config", None), "id2label", None)
        labels = getattr(model, "labels", None)
        if labels is None and of_config:
            labels = [of_config[i] for i in sorted(of_config)]
    if labels is None or not len(labels):
        return [""] if n_labels == 1 else [f"label {i}" for i in range(n_labels)]
    names = [str(one) for one in items("labels", as_array(labels), hint="a list of names")]
    if len(names) != n_labels or len(set(names)) < n_labels:
        raise ParameterError(f"labels={quoted(names)} must be {n_labels} different names, one for each answer")
    return names


def choose_labels(label: Any, names: Sequence[str], said: np.ndarray) -> dict[str, int]:
    """The number of each label that a caller asks for, by its name.

    Parameters
    ----------
    label : str, int, a sequence of them, or None
        names or numbers; None for a model of one answer
    names : sequence of str
        of all labels
    said : np.ndarray [shape=(n_labels,)]
        the model's answers to the whole sound

    Raises
    ------
    ParameterError
        if there is no such label, or it is not said which

    Examples
    --------
    >>> choose_labels(["piano", 0], ["guitar", "piano"], np.zeros(2))
    {'piano': 1, 'guitar': 0}
    >>> choose_labels(None, ["guitar", "piano"], np.array([0.2, 0.7]))
    Traceback (most recent call last):
    lemons.errors.ParameterError: the model has 2 labels; choose with label=..., such as its highest: 'piano', 'guitar'
    """
    if label is None and len(names) > 1:
        highest = ", ".join(repr(names[i]) for i in np.argsort(-said)[:3])
        raise ParameterError(
            f"the model has {len(names)} labels; choose with label=..., such as its highest: {highest}"
        )
    if label is None:
        return {names[0]: 0}
    wanted = [label] if isinstance(label, str | int | np.integer) else items("label", label, hint="names or numbers")
    if not wanted:
        raise ParameterError("label=[] names no label; choose at least one")
    if list(names) == [""] and isinstance(wanted[0], str):
        return {wanted[0]: 0}  # a name for the only answer
    return dict(_found(one, names) for one in wanted)


def _found(one: Any, names: Sequence[str]) -> tuple[str, int]:
    if isinstance(one, str) and one in names:
        return one, names.index(one)
    if isinstance(one, int | np.integer) and 0 <= one < len(names):
        return names[int(one)], int(one)
    shown = ", ".join(names[:N_SHOWN]) + (", ..." if len(names) > N_SHOWN else "")
    raise ParameterError(f"label={quoted(one)} is unknown; choose one of {shown}")
