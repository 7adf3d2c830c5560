"""Two ways to a model's answers to mixes of components: all from one pass of the exact engine, or each one heard.

Either way there are ``logits(masks)`` and the ``work`` that they took.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from explanations.core.question import exact_work, factorize, switched
from lemons.audiolime import Factorization
from lemons.audiolime.neighborhood import score_masks
from lemons.errors import ParameterError
from lemons.exact import score_table
from lemons.progress import Progress
from lemons.segments import Segments

PASS_PERCENT = 90  # of the exact method's time; then all masks are enumerated
TOLERANCE = 0.01  # of logits; the engine's are within 0.001 of the model's, unless the model misdescribes itself


class ExactAnswers:
    """A model's answers to all mixes of the components, from one pass of `lemons.exact`.

    Parameters
    ----------
    model, stems, kind
        see `explanations.core.explain`
    segments : Segments
        how the track is cut
    progress : callable or None
        ``progress(percent, 100)``; may raise to cancel

    Attributes
    ----------
    table : ScoreTable
        what the pass found
    work : float
        its multiply-adds, relative to hearing the whole track once

    Raises
    ------
    ParameterError
        if the method does not apply, or the model describes itself to the engine as another than it is
    DataError
        if the model answers with values that are not numbers
    """

    def __init__(
        self,
        model: torch.nn.Module,
        stems: Mapping[str, np.ndarray],
        *,
        kind: str,
        segments: Segments,
        progress: Progress | None = None,
    ):
        self.work = exact_work(model, stems, kind=kind, segments=segments)
        whole = factorize(stems, kind="time", segments=Segments((0, segments.borders[-1])))
        whole = HeardAnswers(model, whole, batch_size=1)
        expected = float(whole.logits(np.ones((1, 1), dtype=int))[0])
        report = progress and (lambda done, total: progress(PASS_PERCENT * done // total, 100))
        self.table = score_table(model, switched(stems, kind=kind), segments, progress=report)
        found = float(self.logits(np.ones((1, self.table.n_components), dtype=int))[0])
        if not abs(found - expected) <= TOLERANCE * max(abs(expected), 1):
            raise ParameterError(
                f"{type(model).__name__} answers {expected:.4f} to this track, but {found:.4f} as its local_model() "
                "describes it; mend that, or explain it with method='lime'"
            )

    def logits(self, masks: np.ndarray) -> np.ndarray:
        """The model's logits (n_masks,) for the mixes of masks (n_masks, n_components)."""
        return self.table.logits(masks).astype(np.float64)


class HeardAnswers:
    """A model's answers to mixes of the components that it heard, each distinct mix once.

    Parameters
    ----------
    model, batch_size
        see `explanations.core.explain`
    factorization : Factorization
        the track and its components

    Attributes
    ----------
    n_components : int
        length of a mask
    audible : np.ndarray of int
        the components that are not silent; switching the others makes no other mix
    """

    def __init__(self, model: torch.nn.Module, factorization: Factorization, *, batch_size: int):
        self.factorization, self.batch_size = factorization, batch_size
        self.n_components = factorization.get_number_components()
        self.audible = np.flatnonzero([factorization.compose_model_input([i]).any() for i in range(self.n_components)])
        self._predict, self._known = _predictor(model), {}

    @property
    def work(self) -> float:
        """How many mixes it heard."""
        return float(len(self._known))

    def logits(self, masks: np.ndarray, *, progress: Progress | None = None) -> np.ndarray:
        """The model's logits (n_masks,) for the mixes of masks (n_masks, n_components)."""
        masks = spread(masks[:, self.audible], self.audible, self.n_components)
        names = [mask.astype(bool).tobytes() for mask in masks]
        unheard = [i for i, name in enumerate(names) if name not in self._known]
        if unheard:
            options = {"batch_size": self.batch_size, "progress": progress}
            found = score_masks(self.factorization, self._predict, masks[unheard], **options)[:, 0]
            self._known |= {names[i]: logit for i, logit in zip(unheard, found, strict=True)}
        return np.array([self._known[name] for name in names])


def spread(values: np.ndarray, audible: np.ndarray, n_components: int) -> np.ndarray:
    """Values of the audible components (n, n_audible) among zeros for the silent ones (n, n_components).

    >>> spread(np.array([[7, 8]]), np.array([0, 2]), 4)
    array([[7, 0, 8, 0]])
    """
    found = np.zeros((len(values), n_components), dtype=values.dtype)
    found[:, audible] = values
    return found


def _predictor(model: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """The model as audioLIME wants it: mixes (batch, n_samples) in, logits (batch, 1) in float64 out."""
    parameter = next(model.parameters(), None)
    device = "cpu" if parameter is None else parameter.device

    @torch.inference_mode()
    def predict(inputs: np.ndarray) -> np.ndarray:
        logits = model(torch.from_numpy(inputs).float().to(device)).double().cpu().numpy()
        if logits.shape != (len(inputs), 1):
            raise ParameterError(f"the model answers with shape {logits.shape}; it must be (batch, 1)")
        return logits

    return predict
