"""Any model as a function of mixes: what it hears, and its answers as log-odds or scores.

Answers are kept as log-odds, in which a probability of any kind is a number without limits:

* ``"probability"``: p becomes log(p / (1 - p)); 0 and 1 become what float64 can tell from them, some -37 and 37.
* ``"logit"``: log-odds already, as of a model that ends before its sigmoid.
* ``"softmax"``: logits of classes that exclude each other; x_c becomes x_c - log(sum of exp(x_k) over the others).
* ``"score"``: anything else, such as a regression; it is taken as it is, and nothing is said of probabilities.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import soxr
from scipy.special import logit, logsumexp

from lemons.arguments import as_array, function, one_of, quoted
from lemons.errors import DataError, ParameterError

__all__ = ["CERTAIN_LOGIT", "OUTPUTS", "Hearing", "is_module", "log_odds"]

OUTPUTS = ("score", "probability", "logit", "softmax")
CERTAIN = np.finfo(np.float64).eps / 2  # of probabilities, what float64 can tell from 1
CERTAIN_LOGIT = 36.7  # log-odds from which a probability is 0 or 1 in float64


class Hearing:
    """A model that hears mixes at its own rate and with its own channels.

    Parameters
    ----------
    model : torch.nn.Module or callable
        see `lemons.explain`
    sr : int > 0
        sampling rate of the mixes, in Hz
    model_sr : int > 0 or None
        sampling rate of what the model hears; None for ``sr``
    n_channels : int > 0 or None
        channels of what the model hears: 1 for their mean, (batch, n_samples); None for those of the mixes
    output : {"score", "probability", "logit", "softmax"}
        what the model answers with
    tensors : bool
        whether a function wants tensors; a module gets them anyway
    """

    def __init__(
        self,
        model: Any,
        *,
        sr: int,
        model_sr: int | None = None,
        n_channels: int | None = None,
        output: str = "score",
        tensors: bool = False,
    ):
        self.sr, self.model_sr, self.n_channels = sr, model_sr or sr, n_channels
        self.output = one_of("output", output, OUTPUTS)
        self._predict = _of_tensors(model) if tensors or is_module(model) else function("model", model)

    def __call__(self, mixes: np.ndarray) -> np.ndarray:
        """The answers (batch, n_labels), float64, to mixes (batch, n_samples) or (batch, n_channels, n_samples).

        Raises
        ------
        ParameterError
            if the model answers with another shape, or with what are no numbers of the kind that ``output`` says
        DataError
            if it answers with NaN or infinity
        """
        found = self._predict(self.inputs(mixes))
        return log_odds(_checked(getattr(found, "logits", found), mixes), self.output)

    def inputs(self, mixes: np.ndarray) -> np.ndarray:
        """What the model hears: float32 (batch, n_samples), or (batch, n_channels, n_samples) for more than one."""
        if self.n_channels == 1 and mixes.ndim == 3:
            mixes = mixes.mean(axis=1)
        elif self.n_channels and self.n_channels > 1:
            heard = mixes.shape[1] if mixes.ndim == 3 else 1
            if heard not in (1, self.n_channels):
                raise ParameterError(f"n_channels={self.n_channels} does not fit the {heard} channels of the sound")
            mixes = mixes if mixes.ndim == 3 else np.repeat(mixes[:, None], self.n_channels, axis=1)
        if self.model_sr != self.sr:
            mixes = np.stack([soxr.resample(y.T, self.sr, self.model_sr).T for y in mixes])
        return np.ascontiguousarray(mixes, dtype=np.float32)


def is_module(model: Any) -> bool:
    """Whether it is a `torch.nn.Module`; without PyTorch there are none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def log_odds(found: np.ndarray, output: str) -> np.ndarray:
    """Answers (batch, n_labels) as log-odds; scores as they are.

    >>> log_odds(np.array([[0.5, 0.75]]), "probability").round(3).tolist()
    [[0.0, 1.099]]
    >>> log_odds(np.array([[0.0, 0.0, 0.0]]), "softmax").round(3).tolist()  # a third each: odds of 1 to 2
    [[-0.693, -0.693, -0.693]]
    """
    if output == "probability":
        lowest, highest = found.min(), found.max()
        if lowest < 0 or highest > 1:
            raise ParameterError(
                f"the model answers from {lowest:.3g} to {highest:.3g}, which are no probabilities; say what they are "
                "with output='logit', 'softmax' or 'score'"
            )
        return logit(found.clip(CERTAIN, 1 - CERTAIN))
    if output == "softmax":
        if found.shape[1] < 2:
            raise ParameterError("output='softmax' needs the logits of two classes or more; take 'logit' for one")
        others = [np.delete(found, c, axis=1) for c in range(found.shape[1])]
        return found - np.stack([logsumexp(one, axis=1) for one in others], axis=1)
    return found


def _checked(found: Any, mixes: np.ndarray) -> np.ndarray:
    """Answers to mixes (batch, ...) as float64 (batch, n_labels)."""
    n_mixes = len(mixes)
    try:
        found = np.asarray(as_array(found))
    except (ValueError, TypeError) as error:  # lists of different lengths, things that are no arrays
        raise ParameterError(f"the model answers with {quoted(found)}; it must be numbers (batch, n_labels)") from error
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or len(found) != n_mixes or not found.shape[1] or found.dtype.kind not in "fiub":
        wanted = f"numbers of shape (batch,) or (batch, n_labels), with batch={n_mixes}"
        raise ParameterError(f"the model answers with {quoted(found)}; it must be {wanted}")
    wrong = ~np.isfinite(found).all(axis=1)
    if wrong.any():
        silent = not mixes[wrong][0].any()
        hint = "silence: it may divide by a level that is 0" if silent else "a mix; train it again"
        raise DataError(f"the model answers with values that are not numbers (NaN or infinite) to {hint}")
    return found.astype(np.float64)


def _of_tensors(model: Any) -> Callable[[np.ndarray], Any]:
    """A model of tensors as a function of arrays."""
    import torch

    parameter = next(model.parameters(), None) if is_module(model) else None
    device = "cpu" if parameter is None else parameter.device

    @torch.inference_mode()
    def predict(inputs: np.ndarray) -> Any:
        return model(torch.from_numpy(inputs).to(device))

    return predict
