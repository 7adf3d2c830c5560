"""A model's answers to mixes of components, each one scored; from one pass of the exact engine all of them are had by
`lemons.explaining.passes`.

Either way there are ``logits(masks)`` and the ``work`` that they took.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from lemons.audiolime.neighborhood import score_masks
from lemons.errors import ParameterError
from lemons.exact.masks import spread
from lemons.explaining.components import factorize
from lemons.explaining.question import Question
from lemons.progress import Progress

__all__ = ["SampledScores", "predictor"]


class SampledScores:
    """A model's answers to mixes of the components that it scored, each distinct mix once.

    Parameters
    ----------
    question, model, stems
        a question of any method, and those that it is about
    batch_size : int > 0
        mixes that the model scores at once

    Attributes
    ----------
    sounding : np.ndarray [shape=(n_components,), dtype=bool]
        which components are not silent; switching the others makes no other mix
    """

    def __init__(self, question: Question, model: torch.nn.Module, stems: Mapping[str, np.ndarray], *, batch_size: int):
        kind, segments, baseline = question.kind, question.segments, question.baseline
        self.factorization = factorize(stems, kind=kind, segments=segments, baseline=baseline)
        self.batch_size = batch_size
        compose, components = self.factorization.compose_model_input, range(self.factorization.get_number_components())
        everything_off = compose([])
        self.sounding = np.array([(compose([i]) != everything_off).any() for i in components])
        self._predict = predictor(model)
        self._known: dict[bytes, float] = {}

    @property
    def work(self) -> float:
        """How many mixes the model scored."""
        return float(len(self._known))

    def logits(self, masks: np.ndarray, *, progress: Progress | None = None) -> np.ndarray:
        """The model's logits (n_masks,) for the mixes of masks (n_masks, n_components)."""
        masks = spread(masks[:, self.sounding], self.sounding)
        names = [mask.astype(bool).tobytes() for mask in masks]
        unscored = [i for i, name in enumerate(names) if name not in self._known]
        if unscored:
            found = score_masks(
                self.factorization, self._predict, masks[unscored], batch_size=self.batch_size, progress=progress
            )
            self._known |= {names[i]: logit for i, logit in zip(unscored, found[:, 0], strict=True)}
        return np.array([self._known[name] for name in names])


def predictor(model: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
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
